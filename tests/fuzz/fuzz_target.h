// What a fuzz target defines. One program per target: with fuzz_driver.cc, or with clang's libFuzzer (-fsanitize=fuzzer).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "corering/testing/random.h"

// Asserts what must hold for any input. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// An input as a client would send it, or nearly so: bytes at random would all end at the first letter.
std::string make_fuzz_input(corering::testing::Random& random);
