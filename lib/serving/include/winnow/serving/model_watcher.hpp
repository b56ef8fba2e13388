// Which model files there are, and what to do when they change.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/error.hpp"
#include "winnow/core/log.hpp"
#include "winnow/serving/site.hpp"

namespace winnow::serving {

struct ModelSource {
  std::string name;  // empty: as the file or folder is called
  // A model file; a folder VERSION/model.onnx of one model, as TensorFlow Serving and Triton have; or a
  // folder NAME/VERSION/model.onnx of several. TorchScript is called model.pt there.
  std::filesystem::path path;
};

// "pets.onnx", "dogs=other/pets.onnx". Failure code: "invalid".
[[nodiscard]] Result<ModelSource> parse_model_source(std::string_view text);

// Keeps a site's models as the files are: of each model the newest version, and those that have a label. For
// one thread.
class ModelWatcher {
 public:
  using Open = std::function<std::unique_ptr<inference::Classifier>(const std::filesystem::path& file)>;

  ModelWatcher(std::vector<ModelSource> sources,
               std::map<std::string, std::map<std::string, std::uint64_t>> labels, Open open, Site& site,
               Logger& log);

  // Opens all. Throws Error{kNotFound | kInvalid}, also for a name that two sources have and a label whose
  // version is not there, and what Open and Site::open() throw.
  void open_all();

  // Looks whether files have changed since, and puts those to use that lie still since the last look. A file
  // that is no good is logged, and what was there goes on answering; so it does where a file has gone. One
  // model is opened at a time, so that memory holds at most one more than answer.
  // Returns whether it opened any.
  bool refresh();

 private:
  struct Found {
    std::filesystem::path file;
    std::string signature;  // another one: another file
  };
  using Wanted = std::map<ModelId, Found>;

  [[nodiscard]] Wanted look() const;
  void look_at(const ModelSource& source, std::map<std::string, std::map<std::uint64_t, Found>>& found) const;
  void load(const ModelId& id, const Found& found);
  void drop_superseded(const Wanted& wanted);

  const std::vector<ModelSource> sources_;
  const std::map<std::string, std::map<std::string, std::uint64_t>> labels_;
  const Open open_;
  Site& site_;
  Logger& log_;
  std::map<ModelId, std::string> seen_;   // signatures as the last look found them
  std::map<ModelId, std::string> tried_;  // signatures of the files that were opened, or could not be
  std::set<ModelId> open_ids_;
};

}  // namespace winnow::serving
