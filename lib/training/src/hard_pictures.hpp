#pragma once

#include <vector>

#include "run_record.hpp"
#include "winnow/report/page.hpp"

namespace winnow::training {

struct HardPictures {
  std::vector<report::Picture>
      mistakes;                         // those with the least probability for the true class, hardest first
  std::size_t all_mistakes = 0;         // of which these are some
  std::vector<report::Picture> unsure;  // answered rightly, but with the least confidence
};

// Of the pictures that were evaluated, with maps of where the evidence for the answer lies, if the network
// can have them. Files that are gone by now have no picture. Throws Error{kCancelled}.
[[nodiscard]] HardPictures find_hard_pictures(const RunRecord& record, const Context& context);

}  // namespace winnow::training
