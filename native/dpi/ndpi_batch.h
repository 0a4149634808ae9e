// How packets and verdicts cross from and to JavaScript: 32-bit words in typed arrays, written once per batch.
// src/native/dpi.ts has the same numbers; they are compared when the addon is loaded.
//
//   entry   slot | bits | time low | time high | offset | length        time: ms, 64 bits
//   result  state | master | app | category | confidence | risks low | risks high | guessed
#pragma once
#include <cstddef>
#include <cstdint>

#include "ndpi_detector.h"

namespace weir {

constexpr uint32_t kDpiEntryWords = 6;
constexpr uint32_t kDpiResultWords = 8;
constexpr uint32_t kDpiFromServer = 1;  // bits
constexpr uint32_t kDpiWhole = 2;

// Index of the first entry with a slot, offset or length out of range; `count` when there is none.
uint32_t first_wrong_entry(const uint32_t* entries, uint32_t count, uint32_t max_slots, size_t bytes_length);

// Returns how many of the results have something to say: neither kUndecided nor kSettled.
uint32_t process_batch(Detector& detector, const uint32_t* entries, uint32_t count, const uint8_t* bytes, uint32_t* results);

void write_result(const DpiVerdict& verdict, uint32_t* result);

}  // namespace weir
