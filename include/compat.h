/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The front door of loaders that patch symbols, the clients of include/clients.h: what they say, put into the parameter
 * block. docs/compat.md.
 */
#ifndef COMPAT_H
#define COMPAT_H

#include <finding.h>

/*
 * Fill in the block from the clients' symbols, if this is a form that has them and the loader has left the block as it
 * was. True, or false with what is wrong in *finding; then the block may be filled in part.
 */
bool compat_fill(struct purg_params *params, struct finding *finding);

/*
 * If the block was filled in so: what the client wants done to what it loaded, now that it is verified. True, or false
 * with what is wrong in *finding.
 */
bool compat_finish(const struct purg_params *params, struct finding *finding);

/*
 * How many bytes from address on may be read, now that nothing is verified: those to the end of the region that they
 * are in, if all of that can be memory. Zero: none.
 */
uint64_t compat_readable(const struct purg_params *params, uint64_t address);

#endif
