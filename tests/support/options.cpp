#include "support/options.hpp"

#include <sstream>
#include <stdexcept>

namespace winnow::test {

std::vector<std::string> undescribed_options(const std::function<void(CLI::App&)>& add_options) {
  CLI::App app;
  add_options(app);
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_description().find_first_not_of(" \t\n") == std::string::npos)
      names.push_back(option->get_name());
  }
  return names;
}

std::vector<std::string> undescribed_in_help(const std::string& help) {
  std::vector<std::string> names;
  std::istringstream lines(help);
  std::string pending;  // an option whose description may stand on the next line
  std::size_t options = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t start = line.find_first_not_of(' ');
    const bool is_option = start == 2 && line[start] == '-';
    const bool continues = start != std::string::npos && start > 10;
    if (!pending.empty() && !continues) names.push_back(pending);
    pending.clear();
    if (!is_option) continue;
    ++options;
    if (line.find("  ", start) == std::string::npos) pending = line.substr(start);
  }
  if (!pending.empty()) names.push_back(pending);
  if (options == 0) throw std::invalid_argument("there is no option in this help");
  return names;
}

}  // namespace winnow::test
