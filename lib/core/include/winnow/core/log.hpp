#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <string>

#include "winnow/core/terminal.hpp"

namespace winnow {

using Logger = spdlog::logger;

enum class LogFormat { kText, kJson };

// Text: "winnow-train: message". JSON: one object a line with time, level, tool and message.
[[nodiscard]] std::shared_ptr<Logger> make_logger(const std::string& tool, Terminal& terminal,
                                                  LogFormat format, spdlog::level::level_enum level);

}  // namespace winnow
