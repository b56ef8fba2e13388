#pragma once

namespace winnow::tools {

// `winnow train ...` becomes the program winnow-train that stands beside this one. Returns only to report
// help (0) or a usage error (2).
int open_front_door(int argc, char** argv);

}  // namespace winnow::tools
