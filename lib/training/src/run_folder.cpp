#include "run_folder.hpp"

#include "model_card.hpp"
#include "run_report.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/dataset/curated_manifest.hpp"

namespace winnow::training {

namespace fs = std::filesystem;

namespace {

// Which pictures the run used, and for what, so that export finds them again. Members of archives cannot be
// listed so.
void write_pictures(const fs::path& file, const dataset::Dataset& data) {
  if (data.archive) return;
  dataset::CuratedManifest manifest{
      .root = data.root, .rows = {}, .summary = {{"pictures", data.samples.size()}}};
  for (const dataset::Sample& sample : data.samples) {
    manifest.rows.push_back({.path = sample.path,
                             .label = data.classes[static_cast<std::size_t>(sample.label)],
                             .issues = {},
                             .sha256 = {},
                             .group = sample.group,
                             .split = sample.split});
  }
  dataset::write_curated_manifest(file, manifest);
}

}  // namespace

std::optional<model::Checkpoint> RunFolder::read_unfinished() const {
  if (!fs::exists(last())) {
    context_.log.info("{}: nothing to resume; begins anew", folder_.string());
    return std::nullopt;
  }
  model::Checkpoint checkpoint = model::read_checkpoint(last());
  if (!checkpoint.training_state.is_object()) {
    throw Error(ErrorKind::kUsage, last().string(),
                "the run is finished, there is nothing to resume; leave out --resume to begin anew");
  }
  return checkpoint;
}

void RunFolder::begin(const dataset::Dataset& data, bool resumes) {
  if (events_) return;
  remove_tensorboard_events(folder_);
  for (const char* name : {"best.ckpt", "last.ckpt", "metrics.jsonl", "pictures.jsonl", "report.html",
                           "model-card.md", "model-card.json"}) {
    if (resumes) break;
    std::error_code error;
    fs::remove(folder_ / name, error);
    if (error) throw Error(ErrorKind::kIo, (folder_ / name).string(), "cannot remove: " + error.message());
  }
  events_.emplace(folder_, context_);
  add_sample_pictures(data, *events_);
}

void RunFolder::add_row(const Json& row) {
  metrics_ += to_line(row) + "\n";
  write_file_atomically(folder_ / "metrics.jsonl", metrics_);
}

void RunFolder::try_to_add_row(const Json& row) {
  try {
    add_row(row);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kIo) throw;
    context_.log.warn("{}; training goes on", error.what());
  }
}

void RunFolder::add(const std::vector<stats::PenaltyStep>& steps) {
  std::int64_t number = 0;
  for (const stats::PenaltyStep& step : steps) {
    try_to_add_row({{"l2", step.l2}, {"held_out_nll", step.nll}, {"held_out_accuracy", step.accuracy}});
    events_->add_scalars(number++,
                         {{"probe/held_out_nll", step.nll}, {"probe/held_out_accuracy", step.accuracy}});
  }
}

void RunFolder::add(const EpochResult& epoch) {
  try_to_add_row(to_json(epoch));
  events_->add_scalars(epoch.epoch, {{"loss/train", epoch.train_loss},
                                     {"loss/val", epoch.val_nll},
                                     {"accuracy/val", epoch.val_accuracy},
                                     {"learning_rate", epoch.learning_rate},
                                     {"images_per_second", epoch.images_per_second}});
}

void RunFolder::finish(const RunRecord& record) {
  // Only now is the state of an unfinished run replaced.
  write_checkpoint(best(), record.finished.checkpoint);
  write_checkpoint(last(), record.finished.checkpoint);
  add_row({{"final", record.finished.checkpoint.metadata.metrics}});
  const Json card = make_model_card(record);
  write_file_atomically(folder_ / "model-card.json", card.dump(2) + "\n");
  write_file_atomically(folder_ / "model-card.md", render_model_card(card));
  write_pictures(folder_ / "pictures.jsonl", record.data);
  write_file_atomically(folder_ / "report.html", render_run_report(record, context_));
}

std::string RunFolder::name() const {
  const fs::path normal = fs::absolute(folder_).lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).filename().string();
}

}  // namespace winnow::training
