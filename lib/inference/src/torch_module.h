// What libwinnow_torch_engine.so gives the program that loads it. Plain C: they share no C++ types, so that the
// program needs nothing of LibTorch, not even its headers.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { kWinnowTorchVersion = 1 };

typedef struct WinnowTorchNetwork WinnowTorchNetwork;

typedef struct WinnowTorchText {
  char text[600];
} WinnowTorchText;

// values: of one output, row-major, of this shape.
typedef void WinnowTorchTake(void* to, size_t output, const float* values, const int64_t* shape, size_t rank);

typedef struct WinnowTorchModule {
  int version;  // kWinnowTorchVersion
  // A TorchScript file in memory. Null if it cannot be opened; error says why. cuda: 1 for the first GPU.
  WinnowTorchNetwork* (*open)(const void* bytes, size_t size, unsigned threads, int cuda,
                              WinnowTorchText* error);
  void (*close)(WinnowTorchNetwork* network);
  // An extra file in it, or "".
  const char* (*winnow_json)(const WinnowTorchNetwork* network);
  const char* (*outputs_json)(const WinnowTorchNetwork* network);
  // pixels: [count, side, side, 3]. Calls take for each output. Returns 1, or 0 and an error. Thread-safe.
  int (*run)(WinnowTorchNetwork* network, const uint8_t* pixels, int64_t count, int64_t side,
             WinnowTorchTake* take, void* to, WinnowTorchText* error);
} WinnowTorchModule;

// The only symbol: "winnow_torch_module".
typedef const WinnowTorchModule* WinnowTorchModuleFunction(void);

#ifdef __cplusplus
}
#endif
