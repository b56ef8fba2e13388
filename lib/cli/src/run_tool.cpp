#include "winnow/cli/run_tool.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "help.hpp"
#include "signals.hpp"
#include "winnow/cli/manual.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"
#include "winnow/core/threads.hpp"

namespace winnow::cli {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitItemsFailed = 3;

struct CommonOptions {
  int verbose = 0;
  bool quiet = false;
  bool progress = false;
  LogFormat log_format = LogFormat::kText;
  std::optional<ManualForm> generate;
  unsigned threads = available_threads();
};

void add_common_options(CLI::App& app, CommonOptions& options) {
  app.option_defaults()->group(kCommonGroup);
  app.set_help_flag();  // to stand with the others, it has to come after the tool's own
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag("--version", std::string("winnow ") + WINNOW_VERSION)
      ->description("Print the version and exit");
  app.add_flag("-v,--verbose", options.verbose, "Say more on stderr; twice for debugging");
  app.add_flag("-q,--quiet", options.quiet, "Say only what went wrong");
  app.add_option("--log-format", options.log_format, "Form of the messages on stderr: text or json [text]")
      ->transform(CLI::CheckedTransformer(std::map<std::string, LogFormat>{{"text", LogFormat::kText},
                                                                           {"json", LogFormat::kJson}})
                      .description(""))
      ->type_name("FORMAT");
  app.add_flag("--progress", options.progress, "Show progress even when stderr is not a terminal");
  app.add_option("--threads", options.threads, "Processors to use; default: all that this process may use")
      ->check(CLI::Range(1u, 1024u).description(""))
      ->type_name("N");
  app.set_config("--config", "", "Read options from this TOML file")->type_name("FILE");
  add_generate_option(app, options.generate);
}

// --dry-run of winnow-train -> WINNOW_TRAIN_DRY_RUN.
std::string environment_name(const std::string& tool, const std::string& option) {
  std::string variable = tool + "_" + option;
  for (char& c : variable)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

void name_environment_variables(CLI::App& app, const std::string& tool) {
  for (CLI::Option* option : app.get_options()) {
    const std::vector<std::string>& names = option->get_lnames();
    if (names.empty() || names.front() == "help" || names.front() == "version" || names.front() == "config" ||
        names.front() == "generate")
      continue;
    option->envname(environment_name(tool, names.front()));
  }
}

// CLI11 reads the file before the environment and lets the first one speak. So that the environment wins,
// what it sets is passed over in the file.
class ConfigFile : public CLI::ConfigTOML {
 public:
  explicit ConfigFile(const CLI::App& app) : app_(app) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    std::vector<CLI::ConfigItem> settings = CLI::ConfigTOML::from_config(input);
    std::erase_if(settings, [&](const CLI::ConfigItem& item) {
      return item.parents.empty() && is_in_environment(item.name);
    });
    return settings;
  }

 private:
  [[nodiscard]] bool is_in_environment(const std::string& name) const {
    const CLI::Option* option = app_.get_option_no_throw((name.size() == 1 ? "-" : "--") + name);
    if (option == nullptr || option->get_envname().empty()) return false;
    const char* value = std::getenv(option->get_envname().c_str());
    return value != nullptr && *value != '\0';
  }

  const CLI::App& app_;
};

std::string quote_for_shell(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@%+";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string join_command_line(const std::string& tool, int argc, const char* const* argv) {
  std::string line = tool;
  for (int i = 1; i < argc; ++i) line += " " + quote_for_shell(argv[i]);
  return line;
}

// The stream forgets why a write failed, and it may have failed long ago.
bool reader_is_gone() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

int run_parsed(const Tool& tool, const CommonOptions& options, const Signals& signals,
               std::string command_line) {
  Terminal terminal;
  if (options.quiet) terminal.set_status_mode(Terminal::Status::kOff);
  if (options.progress) {
    terminal.set_status_mode(terminal.is_tty() ? Terminal::Status::kLive : Terminal::Status::kLines);
  }
  const auto level = options.quiet         ? spdlog::level::warn
                     : options.verbose > 1 ? spdlog::level::trace
                     : options.verbose > 0 ? spdlog::level::debug
                                           : spdlog::level::info;
  const std::shared_ptr<Logger> log = make_logger(tool.name, terminal, options.log_format, level);
  ToolContext context{
      {*log, terminal, signals.stop_token(), options.threads}, std::cout, std::move(command_line)};
  try {
    const Outcome outcome = tool.run(context);
    std::cout.flush();
    if (!std::cout) {
      if (reader_is_gone()) return 128 + SIGPIPE;
      throw Error(ErrorKind::kIo, "standard output", "cannot write the results; is the disk full?");
    }
    return outcome == Outcome::kDone ? 0 : kExitItemsFailed;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) {
      std::cout.flush();
      if (signals.received() == 0) {
        log->error("stopped with the other processes");
        return kExitFailed;
      }
      log->info("stopped by signal {}", signals.received());
      return 128 + signals.received();
    }
    log->error("{}", error.what());
    if (error.kind() != ErrorKind::kUsage) return kExitFailed;
    return kExitUsage;
  } catch (const std::bad_alloc&) {
    log->error("out of memory; use fewer --threads or a machine with more");
  } catch (const std::exception& error) {
    log->error("internal error: {}; please report it with the command line", error.what());
  }
  return kExitFailed;
}

void restart_with(const std::map<std::string, std::string>& environment, const char* const* argv) {
  bool is_complete = true;
  for (const auto& [name, value] : environment) {
    if (std::getenv(name.c_str()) != nullptr) continue;
    is_complete = false;
    ::setenv(name.c_str(), value.c_str(), 0);
  }
  if (is_complete) return;
  // By its own path, not as /proc/self/exe: that would be its name in ps and for pkill. If it fails, the
  // program goes on without.
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) ::execv(program.c_str(), const_cast<char* const*>(argv));
}

}  // namespace

int run_tool(int argc, const char* const* argv, const Tool& tool) {
  restart_with(tool.environment, argv);
  const Signals signals;
  CLI::App app(tool.summary, tool.name);
  app.footer(fmt::format("Options can also stand in the environment ({}) and in the file of --config.\n\n{}",
                         environment_name(tool.name, "option-name"), tool.example));
  app.formatter(std::make_shared<HelpFormatter>());
  app.allow_config_extras(CLI::config_extras_mode::error);
  CommonOptions options;
  try {
    tool.add_options(app);
    add_common_options(app, options);
    name_environment_variables(app, tool.name);
    app.config_formatter(std::make_shared<ConfigFile>(app));
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << (options.generate ? manual(app, *options.generate) : app.help());
    return 0;
  } catch (const CLI::CallForVersion& version) {
    std::cout << version.what() << '\n';
    return 0;
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::cerr << tool.name << ": " << printable(trim(message)) << "; see " << tool.name << " --help\n";
    return kExitUsage;
  }
  return run_parsed(tool, options, signals, join_command_line(tool.name, argc, argv));
}

}  // namespace winnow::cli
