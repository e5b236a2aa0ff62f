/* SPDX-License-Identifier: Apache-2.0
 *
 * What the Glibc module does not export: epoll, accept4 and friends.
 */
#pragma once
#ifdef __linux__
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <netinet/tcp.h>
#endif
