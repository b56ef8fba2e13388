// Drafts made up on the spot, without a file.
#pragma once

#include <deque>
#include <string>

#include "draft.hpp"
#include "winnow/core/random.hpp"

namespace winnow::curation {

class DraftFixture {
 public:
  // A sound picture; its bytes and look are its own unless a copy is asked for.
  dataset::Fingerprint& add(const std::string& path, int width = 300, int height = 200) {
    const std::string label = path.substr(0, path.find('/'));
    dataset::Fingerprint& print = prints_.emplace_back();
    print.sha256 = "bytes of " + path;
    print.bytes = 1000;
    print.info.width = width;
    print.info.height = height;
    print.look = {mix_bits(prints_.size()), mix_bits(prints_.size() + 1000)};
    draft.sound.push_back(draft.rows.size());
    draft.rows.push_back(
        {.path = path, .label = label, .sha256 = print.sha256, .width = width, .height = height});
    draft.fingerprints.push_back(&print);
    draft.decided.push_back(0);
    if (tree.classes.empty() || tree.classes.back() != label) tree.classes.push_back(label);
    tree.samples.push_back({path, static_cast<int>(tree.classes.size()) - 1});
    return print;
  }

  void decide(std::size_t i) { draft.decided[i] = 1; }

  // "code code" of a row, with a minus in front if it is rejected.
  [[nodiscard]] std::string verdict(std::size_t i) const {
    std::string text = draft.rows[i].keep ? "" : "-";
    for (const dataset::Issue& issue : draft.rows[i].issues) text += issue.code + " ";
    if (text.ends_with(' ')) text.pop_back();
    return text;
  }

  Draft draft;
  dataset::Dataset tree;

 private:
  std::deque<dataset::Fingerprint> prints_;
};

}  // namespace winnow::curation
