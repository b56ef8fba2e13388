#include "winnow/model/checkpoint.hpp"

#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {
constexpr const char* kMetadataKey = "winnow";
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
    return {metadata_from_json(json), std::move(content.tensors)};
  } catch (const Error& error) {
    throw Error(error.kind(), file.string(), error.what());
  }
}

void write_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint) {
  write_safetensors(file, {checkpoint.tensors, {{kMetadataKey, to_line(to_json(checkpoint.metadata))}}});
}

}  // namespace winnow::model
