#include "winnow/model/checkpoint.hpp"

#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {
constexpr const char* kMetadataKey = "winnow";
constexpr const char* kTrainingKey = "winnow.training";
}  // namespace

const Tensor& require_reference(const TensorMap& tensors, int embedding_size, int neighbours) {
  const auto reference = tensors.find(kReferenceTensor);
  if (reference == tensors.end() || reference->second.shape.size() != 2 ||
      reference->second.shape[1] != embedding_size || reference->second.shape[0] < neighbours) {
    throw Error(ErrorKind::kInvalid, "", "the checkpoint's reference pictures are missing or damaged");
  }
  return reference->second;
}

Checkpoint read_checkpoint(const std::filesystem::path& file) {
  Safetensors content = read_safetensors(file);
  const auto text = content.metadata.find(kMetadataKey);
  if (text == content.metadata.end()) {
    throw Error(
        ErrorKind::kInvalid, file.string(),
        "holds weights but is not a checkpoint of winnow-train; name the run folder or its best.ckpt");
  }
  const Json json = Json::parse(text->second, nullptr, false);
  try {
    Checkpoint checkpoint{metadata_from_json(json), std::move(content.tensors)};
    const auto training = content.metadata.find(kTrainingKey);
    if (training != content.metadata.end()) {
      checkpoint.training_state = Json::parse(training->second, nullptr, false);
    }
    return checkpoint;
  } catch (const Error& error) {
    throw Error(error.kind(), file.string(), error.what());
  }
}

void write_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint) {
  std::map<std::string, std::string> metadata = {{kMetadataKey, to_line(to_json(checkpoint.metadata))}};
  if (!checkpoint.training_state.is_null()) metadata[kTrainingKey] = to_line(checkpoint.training_state);
  write_safetensors(file, {checkpoint.tensors, std::move(metadata)});
}

}  // namespace winnow::model
