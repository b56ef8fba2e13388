#pragma once

#include <stop_token>

#include "winnow/core/log.hpp"
#include "winnow/core/terminal.hpp"

namespace winnow {

// What a run hands down to the libraries; there are no globals.
struct Context {
  Logger& log;
  Terminal& terminal;
  std::stop_token stop;
  unsigned threads;  // how many a computation may use, at least 1
};

}  // namespace winnow
