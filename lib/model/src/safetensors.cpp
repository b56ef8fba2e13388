#include "winnow/model/safetensors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <cstring>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/json.hpp"

namespace winnow::model {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation
constexpr std::uint64_t kMaxFileBytes = 16'000'000'000;

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fu;
  const std::uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent == 0) return (sign ? -1.0F : 1.0F) * static_cast<float>(mantissa) * 0x1p-24F;
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

template <class Word, class Convert>
std::vector<float> convert(ByteSpan data, Convert to_float) {
  std::vector<float> values(data.size() / sizeof(Word));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Word word;
    std::memcpy(&word, data.data() + i * sizeof(Word), sizeof(Word));
    values[i] = to_float(word);
  }
  return values;
}

std::size_t element_bytes(const std::string& dtype) {
  static const std::map<std::string, std::size_t> kBytes = {
      {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"I16", 2},
      {"I8", 1},  {"U64", 8}, {"U32", 4}, {"U16", 2},  {"U8", 1},  {"BOOL", 1}};
  const auto found = kBytes.find(dtype);
  if (found == kBytes.end()) throw Error(ErrorKind::kUnsupported, "", "has tensors of type " + dtype);
  return found->second;
}

std::vector<float> to_floats(const std::string& dtype, ByteSpan data) {
  if (dtype == "F32") return convert<float>(data, [](float v) { return v; });
  if (dtype == "F64") return convert<double>(data, [](double v) { return static_cast<float>(v); });
  if (dtype == "F16") return convert<std::uint16_t>(data, half_to_float);
  return convert<std::uint16_t>(data,
                                [](std::uint16_t v) { return std::bit_cast<float>(std::uint32_t{v} << 16); });
}

// Returns the bytes that the tensor takes in the file.
std::uint64_t read_tensor(const std::string& name, const Json& entry, ByteSpan data, TensorMap& tensors) {
  const auto dtype = entry.at("dtype").get<std::string>();
  const auto shape = entry.at("shape").get<std::vector<std::int64_t>>();
  const auto begin = entry.at("data_offsets").at(0).get<std::uint64_t>();
  const auto end = entry.at("data_offsets").at(1).get<std::uint64_t>();
  std::uint64_t expected = element_bytes(dtype);
  for (const std::int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(expected, static_cast<std::uint64_t>(extent), &expected)) {
      throw Error(ErrorKind::kInvalid, "", "tensor " + name + " has an impossible shape");
    }
  }
  if (begin > end || end > data.size() || end - begin != expected) {
    throw Error(ErrorKind::kInvalid, "",
                "tensor " + name + " lies outside the file; it is cut short or damaged");
  }
  if (dtype.find('F') != std::string::npos) {
    tensors[name] = {shape, to_floats(dtype, data.subspan(begin, end - begin))};
  }
  return expected;
}

Safetensors parse(ByteSpan bytes) {
  std::uint64_t header_bytes = 0;
  if (bytes.size() >= 8) std::memcpy(&header_bytes, bytes.data(), 8);
  if (bytes.size() < 8 || header_bytes > kMaxHeaderBytes || header_bytes > bytes.size() - 8) {
    throw Error(ErrorKind::kInvalid, "", "not a safetensors file, or cut short");
  }
  const Json header = Json::parse(as_text(bytes.subspan(8, header_bytes)), nullptr, false);
  if (!header.is_object()) throw Error(ErrorKind::kInvalid, "", "not a safetensors file");
  const ByteSpan data = bytes.subspan(8 + header_bytes);
  std::uint64_t used = 0;
  Safetensors content;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      content.metadata = entry.get<std::map<std::string, std::string>>();
      continue;
    }
    // A thousand tensors that all claim the same megabytes would fill the memory.
    used += read_tensor(name, entry, data, content.tensors);
    if (used > data.size()) throw Error(ErrorKind::kInvalid, "", "its tensors overlap; it is damaged");
  }
  return content;
}

}  // namespace

Safetensors read_safetensors(const std::filesystem::path& file) {
  const Bytes bytes = read_file(file, kMaxFileBytes);
  try {
    return parse(bytes);
  } catch (const Error& error) {
    throw Error(error.kind(), file.string(), error.what());
  } catch (const Json::exception&) {
    throw Error(ErrorKind::kInvalid, file.string(), "has a damaged safetensors header");
  }
}

void write_safetensors(const std::filesystem::path& file, const Safetensors& content) {
  Json header = Json::object();
  if (!content.metadata.empty()) header["__metadata__"] = content.metadata;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : content.tensors) {
    const std::uint64_t end = offset + tensor.values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = to_line(header);
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t header_bytes = text.size();

  AtomicFile out(file);
  out.write(ByteSpan(reinterpret_cast<const std::uint8_t*>(&header_bytes), sizeof(header_bytes)));
  out.write(text);
  for (const auto& [name, tensor] : content.tensors) {
    out.write(ByteSpan(reinterpret_cast<const std::uint8_t*>(tensor.values.data()),
                       tensor.values.size() * sizeof(float)));
  }
  out.commit();
}

const Tensor& require_tensor(const TensorMap& tensors, const std::string& name,
                             const std::vector<std::int64_t>& shape) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw Error(ErrorKind::kInvalid, "",
                fmt::format("tensor {} is missing; these are weights of another network", name));
  }
  if (found->second.shape != shape) {
    throw Error(
        ErrorKind::kInvalid, "",
        fmt::format("tensor {} has shape [{}] where [{}] is needed; these are weights of another network",
                    name, fmt::join(found->second.shape, ", "), fmt::join(shape, ", ")));
  }
  return found->second;
}

}  // namespace winnow::model
