/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The front door of loaders that patch symbols: what those say, put into the parameter block. */
#ifndef COMPAT_H
#define COMPAT_H

#include <finding.h>

/*
 * Fill in the block from the clients' symbols, if this is a form that has them and the loader has left the block as it
 * was. True, or false with what is wrong in *finding; then the block may be filled in part.
 */
bool compat_fill(struct purg_params *params, struct finding *finding);

#endif
