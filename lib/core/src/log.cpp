#include "winnow/core/log.hpp"

#include <spdlog/sinks/base_sink.h>

#include <mutex>

#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow {
namespace {

class TerminalSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  TerminalSink(Terminal& terminal, LogFormat format) : terminal_(terminal), format_(format) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string tool(message.logger_name.data(), message.logger_name.size());
    const std::string text(message.payload.data(), message.payload.size());
    if (format_ == LogFormat::kText) {
      terminal_.print_line(tool + ": " + printable(text));
      return;
    }
    const auto level = spdlog::level::to_string_view(message.level);
    terminal_.print_line(to_line({{"time", format_time(message.time)},
                                  {"level", std::string(level.data(), level.size())},
                                  {"tool", tool},
                                  {"message", text}}));
  }
  void flush_() override {}

 private:
  Terminal& terminal_;
  const LogFormat format_;
};

}  // namespace

std::shared_ptr<Logger> make_logger(const std::string& tool, Terminal& terminal, LogFormat format,
                                    spdlog::level::level_enum level) {
  auto logger = std::make_shared<Logger>(tool, std::make_shared<TerminalSink>(terminal, format));
  logger->set_level(level);
  return logger;
}

}  // namespace winnow
