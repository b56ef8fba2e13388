#include "winnow/completion.hpp"

namespace winnow::tools {
namespace {

constexpr const char* kBash = R"(# written by winnow --generate bash
_winnow() {
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '@TOOLS@--help --version' -- "$2")
    return
  fi
  local tool=winnow-${COMP_WORDS[1]} complete=_winnow_${COMP_WORDS[1]}
  if ! declare -F "$complete" >/dev/null && declare -F _completion_loader >/dev/null; then
    _completion_loader "$tool"
  fi
  declare -F "$complete" >/dev/null || return
  COMP_WORDS=("$tool" "${COMP_WORDS[@]:2}")
  ((COMP_CWORD--))
  "$complete" "$tool" "$2" "$3"
}
complete -o default -F _winnow winnow
)";

constexpr const char* kZsh = R"(#compdef winnow
# written by winnow --generate zsh
if ((CURRENT == 2)); then
  local -a tools=(@TOOLS@)
  _describe tool tools
else
  words[2]=winnow-$words[2]
  shift words
  ((CURRENT--))
  _normal
fi
)";

constexpr const char* kFish = R"(# written by winnow --generate fish
@TOOLS@complete -c winnow -f
complete -c winnow -n 'not __fish_use_subcommand' \
  -a '(complete -C (string replace -r "^winnow +" winnow- -- (commandline -cp)))'
)";

std::string list_tools(const CLI::App& app, cli::ManualForm form) {
  std::string list;
  for (const CLI::App* tool : app.get_subcommands({})) {
    const std::string& name = tool->get_name();
    if (form == cli::ManualForm::kBash) {
      list += name + " ";
    } else if (form == cli::ManualForm::kZsh) {
      list += "\n    '" + name + ":" + tool->get_description() + "'";
    } else {
      list += "complete -c winnow -n __fish_use_subcommand -a " + name + " -d '" + tool->get_description() +
              "'\n";
    }
  }
  return list;
}

}  // namespace

std::string front_door_completion(const CLI::App& app, cli::ManualForm form) {
  const std::string script = form == cli::ManualForm::kBash  ? kBash
                             : form == cli::ManualForm::kZsh ? kZsh
                                                             : kFish;
  return CLI::detail::find_and_replace(script, "@TOOLS@", list_tools(app, form));
}

}  // namespace winnow::tools
