#include "winnow/exporting/source.hpp"

#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"

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

Json read_card(const fs::path& file) {
  const Result<Bytes> bytes = try_read_file(file);
  const Json card = bytes ? Json::parse(as_text(*bytes), nullptr, false) : Json(nullptr);
  return card.is_object() ? card : Json(nullptr);
}

// Only if it is a data set of the same classes: numbers of labels are compared with those of logits.
std::optional<dataset::Dataset> find_data(const fs::path& file, const std::vector<std::string>& classes) {
  std::error_code error;
  if (!fs::exists(file, error)) return std::nullopt;
  try {
    dataset::Dataset data = dataset::open_dataset(file);
    if (data.classes == classes) return data;
  } catch (const Error&) {  // it has been moved or changed: the model can do without
  }
  return std::nullopt;
}

}  // namespace

Source open_run(const fs::path& run_or_checkpoint) {
  const fs::path file = find_checkpoint(run_or_checkpoint);
  Source source{file.string(), model::read_checkpoint(file)};
  model::Metadata& metadata = source.checkpoint.metadata;
  metadata.provenance["checkpoint_sha256"] = sha256_hex(read_file(file));
  source.model_card = read_card(file.parent_path() / "model-card.json");
  source.data = find_data(file.parent_path() / "pictures.jsonl", metadata.classes);
  return source;
}

}  // namespace winnow::exporting
