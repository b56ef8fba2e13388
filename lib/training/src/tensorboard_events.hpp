#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/context.hpp"
#include "winnow/dataset/dataset.hpp"

namespace winnow::training {

// What TensorBoard shows of a run: a file of records, each framed by its length and checksums (TFRecord),
// each an Event of tensorflow/core/util/event.proto. Records are appended by one write each while the run
// goes on, so a reader sees whole ones only, and a process that is killed leaves at most a torn last one,
// which readers pass over. A disk that is full costs the events and not the run: one warning, and no more of
// them. Not thread-safe.
class TensorboardEvents {
 public:
  // Makes FOLDER/events.out.tfevents.TIME, beside those of earlier parts of the same run.
  TensorboardEvents(const std::filesystem::path& folder, const Context& context);
  ~TensorboardEvents();
  TensorboardEvents(const TensorboardEvents&) = delete;
  TensorboardEvents& operator=(const TensorboardEvents&) = delete;

  // Values that are not finite are left out.
  void add_scalars(std::int64_t step, const std::vector<std::pair<std::string, double>>& tags_and_values);
  // jpeg: of that width and height.
  void add_picture(std::int64_t step, const std::string& tag, const Bytes& jpeg, int width, int height);

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  // content: the fields of an Event besides its time and step.
  void append(std::int64_t step, const std::string& content);
  void give_up(int error_number);

  const Context& context_;
  std::filesystem::path file_;
  int descriptor_ = -1;
};

// Some of the validation pictures, or of the training pictures if there are none, spread over the classes.
void add_sample_pictures(const dataset::Dataset& data, TensorboardEvents& events);

// Deletes the files that TensorboardEvents has made in a folder. Throws Error{kIo}.
void remove_tensorboard_events(const std::filesystem::path& folder);

}  // namespace winnow::training
