#include "winnow/exporting/source.hpp"

#include "winnow/core/error.hpp"

namespace winnow::exporting {
namespace {

namespace fs = std::filesystem;

fs::path find_checkpoint(const fs::path& run_or_checkpoint) {
  std::error_code error;
  if (!fs::is_directory(run_or_checkpoint, error)) return run_or_checkpoint;
  if (fs::exists(run_or_checkpoint / "best.ckpt", error)) return run_or_checkpoint / "best.ckpt";
  throw Error(ErrorKind::kNotFound, run_or_checkpoint.string(),
              fs::exists(run_or_checkpoint / "last.ckpt", error)
                  ? "the run did not come to its end; name its last.ckpt to export what there is"
                  : "is not a run of winnow-train: it has no best.ckpt");
}

}  // namespace

Source open_run(const fs::path& run_or_checkpoint) {
  const fs::path file = find_checkpoint(run_or_checkpoint);
  return {file.string(), model::read_checkpoint(file)};
}

}  // namespace winnow::exporting
