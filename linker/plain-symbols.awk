# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# From `nm` of the plain form: objcopy's options that give kexec-tools' symbols their real names, client_NAME to NAME, and
# leave no symbol global but those that it looks up, so that nothing of ours meets a name of the relinker's.

BEGIN { print "--keep-global-symbol purgatory_start --keep-global-symbol purg_params" }

sub(/^client_/, "", $3) { print "--redefine-sym client_" $3 "=" $3 " --keep-global-symbol " $3 }
