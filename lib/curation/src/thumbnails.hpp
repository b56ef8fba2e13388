#pragma once

#include <map>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/context.hpp"
#include "winnow/dataset/dataset.hpp"

namespace winnow::curation {

// Small pictures of the samples of a tree, which are the rows of its manifest, made on all threads at once.
class Thumbnails {
 public:
  // rows: which; a row may be named more than once. Throws Error{kCancelled}.
  Thumbnails(const dataset::Dataset& tree, std::vector<std::size_t> rows, const Context& context);

  // Empty if the row was not asked for, or its file cannot be read.
  [[nodiscard]] const Bytes& of(std::size_t row) const;

 private:
  std::map<std::size_t, Bytes> jpegs_;
};

}  // namespace winnow::curation
