// What a worker does with an upload: has its pictures answered, and packs what came of it into one object.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/json.hpp"
#include "winnow/jobs/job.hpp"
#include "winnow/jobs/task_handler.hpp"

namespace winnow::jobs {

struct Picture {
  std::string name;
  Bytes bytes;
};

struct Annotation {
  Json answer;             // a line of the results, as winnow-classify writes them, but for "path"
  Bytes thumbnail;         // JPEG, for the contact sheet; may be empty
  std::string unreadable;  // why there is no answer; empty if there is one
};

// Answers some pictures, in their order. Called from several threads at once.
class Annotator {
 public:
  virtual ~Annotator() = default;
  [[nodiscard]] virtual std::vector<Annotation> annotate(const std::vector<Picture>& pictures) = 0;
  [[nodiscard]] virtual std::string description() const = 0;  // of the model, for the log
};

// The annotator of a model, by its name or, empty, the first; as its file is now. Throws Error{kNotFound}.
using FindAnnotator = std::function<std::shared_ptr<Annotator>(const std::string& model)>;

struct AnnotationOptions {
  unsigned threads = 1;
  std::size_t batch = 8;  // pictures handed to a thread at a time
};

[[nodiscard]] Later annotate(const Handlers& use, const Task& task, const std::stop_token& stop,
                             const FindAnnotator& find, const AnnotationOptions& options);

}  // namespace winnow::jobs
