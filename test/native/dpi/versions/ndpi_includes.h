// Stand-in, see ndpi_api.h.
#pragma once
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
