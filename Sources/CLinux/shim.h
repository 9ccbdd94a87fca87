// SPDX-License-Identifier: Apache-2.0
#pragma once
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <malloc.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>
