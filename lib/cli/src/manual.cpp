#include "winnow/cli/manual.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include "completion.hpp"
#include "help.hpp"
#include "winnow/core/text.hpp"

namespace winnow::cli {
namespace {

// What roff would take for its own: groff_char(7).
std::string roff(std::string_view text) {
  static const std::map<char, std::string> kEscapes = {{'\\', "\\e"},  {'-', "\\-"},   {'~', "\\(ti"},
                                                       {'^', "\\(ha"}, {'`', "\\(ga"}, {'\'', "\\(aq"}};
  std::string escaped = text.starts_with('.') ? "\\&" : "";
  for (const char c : text) {
    const auto found = kEscapes.find(c);
    if (found != kEscapes.end()) {
      escaped += found->second;
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string italic(std::string_view text) {
  return "\\fI" + roff(text) + "\\fR";
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
  return text;
}

// "Learns this: so. And that." -> "learns this", as whatis(1) and apropos(1) show it.
std::string in_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  text = text.substr(0, std::min(text.find(". "), text.find(": ")));
  if (text.ends_with('.')) text.pop_back();
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string option_entry(const CLI::Option& option) {
  std::string entry = ".TP\n";
  if (option.nonpositional()) {
    std::string names;
    for (const std::string& name : option.get_snames()) names += ", " + bold("-" + name);
    for (const std::string& name : option.get_lnames()) names += ", " + bold("--" + name);
    entry += names.substr(2);
    if (takes_value(option)) entry += " " + italic(option.get_type_name());
  } else {
    entry += italic(option.get_type_name());
  }
  return entry + "\n" + roff(describe(option)) + "\n";
}

std::string option_entries(const CLI::App& app) {
  std::string arguments;
  std::map<std::string, std::string> groups;
  for (const CLI::Option* option : app.get_options()) {
    (option->nonpositional() ? groups[option->get_group()] : arguments) += option_entry(*option);
  }
  std::string text = arguments;
  for (const std::string& group : app.get_groups()) {
    if (groups[group].empty()) continue;
    if (group != "Options") text += ".SS " + roff(group) + "\n";
    text += groups[group];
  }
  return text;
}

std::string usage(const CLI::App& app, const std::string& name) {
  constexpr std::string_view kLead = "Usage: ";
  const std::string text = HelpFormatter().make_usage(&app, name);
  return text.substr(text.find(kLead) + kLead.size());
}

// Lines that are not indented are prose, and headings where they end in a colon.
std::string footer(const std::string& text) {
  std::string page;
  bool is_example = false;
  const auto set_example = [&](bool value) {
    if (value != is_example) page += value ? ".PP\n.nf\n" : ".fi\n";
    is_example = value;
  };
  for (const std::string_view line : split(text, '\n')) {
    if (trim(line).empty()) continue;
    set_example(line.starts_with(' '));
    if (is_example) {
      page += roff(line) + "\n";
    } else if (line.ends_with(':')) {
      page += ".SS " + roff(line.substr(0, line.size() - 1)) + "\n";
    } else {
      page += ".PP\n" + roff(line) + "\n";
    }
  }
  set_example(false);
  return page;
}

std::string manual_page(const CLI::App& app) {
  const std::string& name = app.get_name();
  std::string page = ".TH " + roff(upper(name)) + " 1 \"\" \"winnow " WINNOW_VERSION "\" \"User Commands\"\n";
  page += ".SH NAME\n" + roff(name) + " \\- " + roff(in_one_line(app.get_description())) + "\n";
  page += ".SH SYNOPSIS\n" + bold(name) + roff(usage(app, name).substr(name.size()));
  const std::vector<const CLI::App*> commands = app.get_subcommands({});
  for (const CLI::App* command : commands) {
    page += ".br\n" + bold(name) + roff(usage(*command, " " + command->get_name()));
  }
  page += ".SH DESCRIPTION\n" + roff(app.get_description()) + "\n";
  page += ".SH OPTIONS\n" + option_entries(app);
  if (!commands.empty()) page += ".SH COMMANDS\n";
  for (const CLI::App* command : commands) {
    page += ".SS " + roff(command->get_name()) + "\n" + roff(command->get_description()) + "\n" +
            option_entries(*command);
  }
  page +=
      ".SH EXIT STATUS\n0 done; 1 failed; 2 bad usage; 3 finished, but some items failed and are listed; "
      "128 and the number of the signal after a stop by one.\n";
  page += ".SH NOTES\n" + footer(app.get_footer());
  return page;
}

}  // namespace

std::string manual(const CLI::App& app, ManualForm form) {
  switch (form) {
    case ManualForm::kBash:
      return bash_completion(app);
    case ManualForm::kZsh:
      return zsh_completion(app);
    case ManualForm::kFish:
      return fish_completion(app);
    case ManualForm::kMan:
      break;
  }
  return manual_page(app);
}

void add_generate_option(CLI::App& app, std::optional<ManualForm>& form) {
  const std::map<std::string, ManualForm> forms = {{"man", ManualForm::kMan},
                                                   {"bash", ManualForm::kBash},
                                                   {"zsh", ManualForm::kZsh},
                                                   {"fish", ManualForm::kFish}};
  app.add_option_function<ManualForm>(
         "--generate",
         [&form](ManualForm value) {
           form = value;
           throw CLI::CallForHelp();
         },
         "Print this help as a manual page (man) or as completions for a shell (bash, zsh, fish) and exit")
      ->transform(CLI::CheckedTransformer(forms).description(""))
      ->type_name("FORM")
      ->trigger_on_parse();
}

}  // namespace winnow::cli
