// The files of a run and when they appear. docs/formats/run.md describes them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "run_record.hpp"
#include "tensorboard_events.hpp"
#include "winnow/core/context.hpp"
#include "winnow/model/checkpoint.hpp"

namespace winnow::training {

// Nothing in the folder changes before begin(). Not thread-safe.
class RunFolder {
 public:
  RunFolder(std::filesystem::path folder, const Context& context)
      : folder_(std::move(folder)), context_(context) {}

  // What an unfinished run left; nothing if there was none. Throws Error{kUsage} if the run is finished,
  // kInvalid if its state is damaged.
  [[nodiscard]] std::optional<model::Checkpoint> read_unfinished() const;

  // Removes what an earlier run left, for it would pass for this one's if this one is stopped early. Of a run
  // that is resumed only metrics and events, which are written again from the start. A second call does
  // nothing. Throws Error{kIo}.
  void begin(const dataset::Dataset& data, bool resumes);

  // To be called between begin() and finish(). A full disk costs a warning.
  void add(const std::vector<stats::PenaltyStep>& steps);
  void add(const EpochResult& epoch);

  // Checkpoints, metrics, model card and report of a finished run. Throws Error{kIo}.
  void finish(const RunRecord& record);

  [[nodiscard]] std::filesystem::path best() const { return folder_ / "best.ckpt"; }
  [[nodiscard]] std::filesystem::path last() const { return folder_ / "last.ckpt"; }
  [[nodiscard]] std::string name() const;

 private:
  // metrics.jsonl is rewritten whole after each row, so a reader never sees half of one.
  void add_row(const Json& row);
  void try_to_add_row(const Json& row);

  const std::filesystem::path folder_;
  const Context& context_;
  std::string metrics_;
  std::optional<TensorboardEvents> events_;
};

}  // namespace winnow::training
