// Stand-in, see ndpi_api.h.
#pragma once
#define NDPI_MAJOR STAND_IN_MAJOR
#define NDPI_MINOR STAND_IN_MINOR
