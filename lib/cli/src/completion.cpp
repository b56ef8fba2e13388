#include "completion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "help.hpp"

namespace winnow::cli {
namespace {

bool is_flagged(const CLI::Option* option) {
  return option->nonpositional();
}

std::vector<const CLI::Option*> all_options(const CLI::App& app) {
  std::vector<const CLI::Option*> options = app.get_options(is_flagged);
  for (const CLI::App* command : app.get_subcommands({})) {
    for (const CLI::Option* option : command->get_options(is_flagged)) {
      const auto is_known = [&](const CLI::Option* other) { return *other == *option; };
      if (std::none_of(options.begin(), options.end(), is_known)) options.push_back(option);
    }
  }
  return options;
}

std::vector<std::string> names(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

bool takes_folder(const CLI::Option& option) {
  return option.get_type_name() == "DIR";
}

std::string escape(const std::string& text, std::string_view special) {
  std::string escaped;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string in_single_quotes(const std::string& text) {
  return "'" + CLI::detail::find_and_replace(text, "'", "'\\''") + "'";
}

std::string function_name(const CLI::App& app) {
  return "_" + CLI::detail::find_and_replace(app.get_name(), "-", "_");
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string words;
  std::string commands;
  std::string folders;
  for (const CLI::Option* option : all_options(app)) {
    for (const std::string& name : names(*option)) {
      words += (words.empty() ? "" : " ") + name;
      if (takes_folder(*option)) folders += (folders.empty() ? "" : "|") + name;
    }
  }
  for (const CLI::App* command : app.get_subcommands({})) commands += command->get_name() + " ";
  std::string script =
      fmt::format("# written by {0} --generate bash\n{1}() {{\n", app.get_name(), function_name(app));
  if (!folders.empty()) {
    script += "  case $3 in\n    " + folders +
              ")\n      compopt -o filenames\n      mapfile -t COMPREPLY < <(compgen -d -- \"$2\")\n      "
              "return ;;\n  esac\n";
  }
  script += "  COMPREPLY=()\n  if [[ $2 == -* ]]; then\n    mapfile -t COMPREPLY < <(compgen -W '" + words +
            "' -- \"$2\")\n";
  if (!commands.empty()) {
    script += "  elif ((COMP_CWORD == 1)); then\n    mapfile -t COMPREPLY < <(compgen -W '" + commands +
              "' -- \"$2\")\n";
  }
  return script + fmt::format("  fi\n}}\ncomplete -o default -F {} {}\n", function_name(app), app.get_name());
}

std::string zsh_completion(const CLI::App& app) {
  std::string script =
      fmt::format("#compdef {0}\n# written by {0} --generate zsh\n_arguments -s -S", app.get_name());
  for (const CLI::Option* option : all_options(app)) {
    for (const std::string& name : names(*option)) {
      std::string word = takes_many(*option) ? "*" + name : name;
      word += "[" + escape(option->get_description(), "[]\\:") + "]";
      if (takes_value(*option)) {
        word += ":" + escape(option->get_type_name(), ":\\") + ":_files";
        if (takes_folder(*option)) word += " -/";
      }
      script += " \\\n  " + in_single_quotes(word);
    }
  }
  std::string commands;
  for (const CLI::App* command : app.get_subcommands({})) commands += " " + command->get_name();
  if (!commands.empty()) {
    script += " \\\n  " + in_single_quotes("1: :{compadd -" + commands + "; _files}");
  }
  return script + " \\\n  " + in_single_quotes("*: :_files") + "\n";
}

std::string fish_completion(const CLI::App& app) {
  std::string script = fmt::format("# written by {} --generate fish\n", app.get_name());
  for (const CLI::Option* option : all_options(app)) {
    std::string line = "complete -c " + app.get_name();
    for (const std::string& name : option->get_snames()) line += " -s " + name;
    for (const std::string& name : option->get_lnames()) line += " -l " + name;
    if (takes_folder(*option)) {
      line += " -x -a '(__fish_complete_directories)'";
    } else if (takes_value(*option)) {
      line += " -r";
    }
    script += line + " -d '" + escape(option->get_description(), "'\\") + "'\n";
  }
  for (const CLI::App* command : app.get_subcommands({})) {
    script += fmt::format("complete -c {} -n __fish_use_subcommand -a {} -d '{}'\n", app.get_name(),
                          command->get_name(), escape(command->get_description(), "'\\"));
  }
  return script;
}

}  // namespace winnow::cli
