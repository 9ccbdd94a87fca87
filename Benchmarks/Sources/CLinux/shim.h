// SPDX-License-Identifier: Apache-2.0
// What the load clients need of Linux beyond Swift's Glibc module.
#include <sys/sendfile.h>
