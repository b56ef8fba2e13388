#include "help.hpp"

#include "winnow/core/text.hpp"

namespace winnow::cli {
namespace {

constexpr std::size_t kColumn = 26;
constexpr std::size_t kWidth = 100;

// The words of a text from column kColumn on; the first line stands there already.
std::string wrap(const std::string& text) {
  std::string lines;
  std::size_t used = kColumn;
  for (const std::string_view word : split(text, ' ')) {
    if (used > kColumn && used + 1 + display_width(word) > kWidth) {
      lines += "\n" + std::string(kColumn, ' ');
      used = kColumn;
    } else if (used > kColumn) {
      lines += ' ';
      ++used;
    }
    lines += word;
    used += display_width(word);
  }
  return lines;
}

}  // namespace

bool takes_many(const CLI::Option& option) {
  return option.get_expected_max() == CLI::detail::expected_max_vector_size;
}

bool takes_value(const CLI::Option& option) {
  return option.get_type_size() != 0 && !option.get_type_name().empty();  // a flag has no name for its value
}

std::string describe(const CLI::Option& option) {
  std::string text = option.get_description();
  if (takes_value(option) && !option.get_default_str().empty()) text += " [" + option.get_default_str() + "]";
  if (takes_many(option) && option.nonpositional()) text += "; may stand several times";
  for (const CLI::Option* other : option.get_excludes()) {
    if (option.nonpositional() || other->nonpositional()) text += "; not with " + other->get_name();
  }
  for (const CLI::Option* other : option.get_needs()) text += "; needs " + other->get_name();
  return text;
}

std::string HelpFormatter::make_group(std::string group, bool is_positional,
                                      std::vector<const CLI::Option*> options) const {
  // CLI11 ends every group but the last with an empty line, and begins each with one.
  const std::string text = CLI::Formatter::make_group(group, is_positional, options);
  return group == kCommonGroup ? text.substr(1) : text;
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  std::string usage = "\nUsage: " + name;
  for (const CLI::Option* option : app->get_options()) {
    if (!option->get_required()) continue;
    usage += " ";
    if (option->nonpositional()) {
      usage +=
          (option->get_snames().empty() ? "--" + option->get_lnames()[0] : "-" + option->get_snames()[0]) +
          " ";
    }
    usage += option->get_type_name();
  }
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_positional() && !option->get_required()) {
      usage += " [" + option->get_type_name() + (takes_many(*option) ? "]..." : "]");
    }
  }
  return usage + " [options]\n";
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string line = "  ";
  if (is_positional) {
    line += option->get_type_name();
  } else {
    line += option->get_name(false, true);
    if (takes_value(*option)) line += " " + option->get_type_name();
  }
  const std::size_t width = display_width(line);
  line += width + 2 > kColumn ? "\n" + std::string(kColumn, ' ') : std::string(kColumn - width, ' ');
  return line + wrap(describe(*option)) + "\n";
}

}  // namespace winnow::cli
