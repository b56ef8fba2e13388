#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "winnow/core/bytes.hpp"

namespace winnow::jobs {

// Packs files that were uploaded one by one into a tar archive, so that every batch is kept as one file that
// UploadReader reads. Of one thread at a time.
class UploadPacker {
 public:
  // write takes the archive piece by piece; what it throws comes out of add() and finish().
  explicit UploadPacker(std::function<void(ByteSpan)> write);
  ~UploadPacker();
  UploadPacker(const UploadPacker&) = delete;
  UploadPacker& operator=(const UploadPacker&) = delete;

  // name is what the sender called the file; the archive has it without folders, dots in front and whatever
  // else an archive would be refused for.
  void add(std::string_view name, ByteSpan bytes);
  // Once, after the last file. Without it the archive counts as cut off.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow::jobs
