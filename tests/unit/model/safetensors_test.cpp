#include "winnow/model/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "support/temporary_folder.hpp"
#include "unit/model/safetensors_file.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/random.hpp"

namespace winnow::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Safetensors read(std::string_view content) {
  const test::TemporaryFolder folder;
  return read_safetensors(folder.write("a.safetensors", content));
}

Error error_of_reading(std::string_view content) {
  const test::TemporaryFolder folder;
  try {
    (void)read_safetensors(folder.write("a.safetensors", content));
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder / "a.safetensors").string() + ": "));
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return {ErrorKind::kUsage, "", ""};
}

std::vector<float> values_of(const std::string& dtype, std::size_t count, std::string_view data) {
  const Json header = {{"t", {{"dtype", dtype}, {"shape", {count}}, {"data_offsets", {0, data.size()}}}}};
  return read(safetensors_file(to_line(header), data)).tensors.at("t").values;
}

Safetensors example() {
  Safetensors content;
  content.tensors["weight"] = {{2, 3}, {1, -2.5F, 3, 1e-30F, INFINITY, 0}};
  content.tensors["bias"] = {{1}, {7}};
  content.tensors["scalar"] = {{}, {0.5F}};
  content.tensors["empty"] = {{0, 4}, {}};
  content.metadata = {{"licence", "Apache-2.0"}, {"crème", "\"quoted\"\n"}};
  return content;
}

std::string bytes_of_example() {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", example());
  return test::read_text(folder / "a");
}

TEST(Safetensors, ComesBackAsItWasWritten) {
  const Safetensors written = example();
  const Safetensors result = read(bytes_of_example());
  EXPECT_EQ(result.metadata, written.metadata);
  ASSERT_EQ(result.tensors.size(), written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) {
    EXPECT_EQ(result.tensors.at(name).shape, tensor.shape) << name;
    EXPECT_EQ(result.tensors.at(name).values, tensor.values) << name;
  }
}

TEST(Safetensors, MayBeEmpty) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", {});
  const Safetensors result = read_safetensors(folder / "a");
  EXPECT_THAT(result.tensors, IsEmpty());
  EXPECT_THAT(result.metadata, IsEmpty());
}

TEST(Safetensors, IsLaidOutAsTheFormatSays) {
  const std::string bytes = bytes_of_example();
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  const Json header = Json::parse(bytes.substr(8, length));
  std::vector<std::string> names;
  std::uint64_t end = 0;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    names.push_back(name);
    EXPECT_EQ(entry.at("dtype"), "F32");
    EXPECT_EQ(entry.at("data_offsets").at(0), end) << "tensors follow each other without gaps";
    end = entry.at("data_offsets").at(1).get<std::uint64_t>();
  }
  EXPECT_THAT(names, ElementsAre("bias", "empty", "scalar", "weight"));
  EXPECT_EQ(bytes.size(), 8 + length + end);
}

TEST(Safetensors, IsWrittenTheSameEachTime) {
  EXPECT_EQ(bytes_of_example(), bytes_of_example());
}

TEST(Safetensors, ReadsDoubles) {
  EXPECT_THAT(values_of("F64", 3, bytes_of<double>({1.5, -0.1, 1e300})), ElementsAre(1.5F, -0.1F, INFINITY));
}

TEST(Safetensors, ReadsBrainFloats) {
  EXPECT_THAT(values_of("BF16", 5, bytes_of<std::uint16_t>({0x3f80, 0xc049, 0x8000, 0x7f80, 0x0001})),
              ElementsAre(1, -3.140625F, -0.0F, INFINITY, 0x1p-133F));
}

TEST(Safetensors, ReadsKnownHalfFloats) {
  EXPECT_THAT(
      values_of(
          "F16", 9,
          bytes_of<std::uint16_t>({0x3c00, 0xc000, 0x7bff, 0x3555, 0x0400, 0x03ff, 0x0001, 0x7c00, 0xfc00})),
      ElementsAre(1, -2, 65504, 0.333251953125F, 0x1p-14F, 1023 * 0x1p-24F, 0x1p-24F, INFINITY, -INFINITY));
}

// IEEE 754: (-1)^sign 2^(exponent - 15) 1.mantissa, and below 2^-14 without the leading 1.
TEST(Safetensors, ReadsEveryHalfFloat) {
  std::string data;
  for (std::uint32_t bits = 0; bits < 65'536; ++bits) data += bytes_of({static_cast<std::uint16_t>(bits)});
  const std::vector<float> values = values_of("F16", 65'536, data);
  for (std::uint32_t bits = 0; bits < 65'536; ++bits) {
    const std::uint32_t exponent = bits >> 10 & 31;
    const std::uint32_t mantissa = bits & 1023;
    const bool negative = bits >= 0x8000;
    if (exponent == 31 && mantissa != 0) {
      ASSERT_TRUE(std::isnan(values[bits])) << bits;
      continue;
    }
    const double size = exponent == 31  ? INFINITY
                        : exponent == 0 ? std::ldexp(mantissa, -24)
                                        : std::ldexp(1024 + mantissa, static_cast<int>(exponent) - 25);
    ASSERT_EQ(values[bits], static_cast<float>(negative ? -size : size)) << bits;
    ASSERT_EQ(std::signbit(values[bits]), negative) << bits;
  }
}

TEST(Safetensors, PassesOverIntegers) {
  const std::string header = R"({"counter":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                             R"("mask":{"dtype":"BOOL","shape":[3],"data_offsets":[8,11]},)"
                             R"("w":{"dtype":"F32","shape":[1],"data_offsets":[11,15]}})";
  const Safetensors result = read(safetensors_file(header, std::string(11, '\1') + bytes_of<float>({2.5F})));
  ASSERT_EQ(result.tensors.size(), 1u);
  EXPECT_THAT(result.tensors.at("w").values, ElementsAre(2.5F));
}

TEST(Safetensors, NeedsAFile) {
  const test::TemporaryFolder folder;
  const auto kind_of = [](const std::filesystem::path& file) {
    try {
      (void)read_safetensors(file);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::kUsage;
  };
  EXPECT_EQ(kind_of(folder / "nothing"), ErrorKind::kNotFound);
  EXPECT_EQ(kind_of(folder.path()), ErrorKind::kIo);
}

TEST(Safetensors, IsNeverReadInPart) {
  const std::string whole = bytes_of_example();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    ASSERT_EQ(error_of_reading(std::string_view(whole).substr(0, length)).kind(), ErrorKind::kInvalid)
        << length;
  }
}

TEST(Safetensors, RefusesImpossibleHeaderLengths) {
  const std::string rest(100, ' ');
  for (const std::uint64_t length :
       {std::uint64_t{101}, std::uint64_t{1} << 32, ~std::uint64_t{0}, ~std::uint64_t{7}}) {
    EXPECT_EQ(error_of_reading(little_endian_length(length) + rest).kind(), ErrorKind::kInvalid) << length;
  }
}

TEST(Safetensors, RefusesHeadersThatAreNotAnObject) {
  for (const char* header : {"", "[]", "3", "null", "{", "{}x", "\xff\xfe", R"(["w"])"}) {
    EXPECT_EQ(error_of_reading(safetensors_file(header, "")).kind(), ErrorKind::kInvalid) << header;
  }
}

TEST(Safetensors, RefusesImpossibleTensors) {
  const std::string data(16, '\0');
  for (const char* entry : {
           "7",
           "[]",
           "{}",
           R"({"dtype":"F32","shape":[4]})",
           R"({"dtype":"F32","data_offsets":[0,16]})",
           R"({"shape":[4],"data_offsets":[0,16]})",
           R"({"dtype":5,"shape":[4],"data_offsets":[0,16]})",
           R"({"dtype":"F32","shape":4,"data_offsets":[0,16]})",
           R"({"dtype":"F32","shape":["4"],"data_offsets":[0,16]})",
           R"({"dtype":"F32","shape":[-4],"data_offsets":[0,16]})",
           R"({"dtype":"F32","shape":[-1,-4],"data_offsets":[0,16]})",
           R"({"dtype":"F32","shape":[3],"data_offsets":[0,16]})",
           R"({"dtype":"F32","shape":[5],"data_offsets":[0,20]})",
           R"({"dtype":"F32","shape":[4],"data_offsets":[16,0]})",
           R"({"dtype":"F32","shape":[4],"data_offsets":[8,24]})",
           R"({"dtype":"F32","shape":[4],"data_offsets":[-16,0]})",
           R"({"dtype":"F32","shape":[0],"data_offsets":[17,17]})",
           R"({"dtype":"F32","shape":[4],"data_offsets":[18446744073709551600,0]})",
           R"({"dtype":"F32","shape":[4],"data_offsets":[0]})",
           R"({"dtype":"F32","shape":[4],"data_offsets":{}})",
           R"({"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]})",
           R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})",
           R"({"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,16]})",
           R"({"dtype":"I64","shape":[3],"data_offsets":[0,16]})",
       }) {
    const std::string header = std::string(R"({"w":)") + entry + "}";
    EXPECT_EQ(error_of_reading(safetensors_file(header, data)).kind(), ErrorKind::kInvalid) << entry;
  }
}

TEST(Safetensors, RefusesMetadataThatIsNotText) {
  for (const char* metadata : {"7", "[]", R"({"a":1})", R"({"a":{"b":"c"}})"}) {
    const std::string header = std::string(R"({"__metadata__":)") + metadata + "}";
    EXPECT_EQ(error_of_reading(safetensors_file(header, "")).kind(), ErrorKind::kInvalid) << metadata;
  }
}

TEST(Safetensors, SaysWhichTypeItDoesNotRead) {
  const Error error = error_of_reading(
      safetensors_file(R"({"w":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", "x"));
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(error.what(), HasSubstr("F8_E4M3"));
}

// A small file must not become a large one in memory.
TEST(Safetensors, RefusesTensorsThatShareTheirData) {
  Json header = Json::object();
  for (const char* name : {"a", "b"}) {
    header[name] = {{"dtype", "F32"}, {"shape", {3}}, {"data_offsets", {0, 12}}};
  }
  EXPECT_EQ(error_of_reading(safetensors_file(to_line(header), std::string(16, '\0'))).kind(),
            ErrorKind::kInvalid);
}

TEST(Safetensors, SurvivesAnyDamage) {
  const std::string whole = bytes_of_example();
  const test::TemporaryFolder folder;
  int loaded = 0;
  for (std::uint64_t round = 0; round < 4000; ++round) {
    CounterRandom random(round);
    std::string bytes = whole;
    const std::uint64_t changes = 1 + random.below(4);
    for (std::uint64_t i = 0; i < changes; ++i) {
      const std::size_t at = random.below(bytes.size());
      switch (random.below(4)) {
        case 0:
          bytes[at] = static_cast<char>(random.next());
          break;
        case 1:
          bytes[at] = "0123456789-[]{}\",:eE."[random.below(21)];
          break;
        case 2:
          bytes.erase(at, random.below(20));
          break;
        default:
          bytes.insert(at, 1 + random.below(3), '9');
          break;
      }
    }
    try {
      const Safetensors result = read_safetensors(folder.write(std::to_string(round), bytes));
      std::size_t floats = 0;
      for (const auto& [name, tensor] : result.tensors) floats += tensor.values.size();
      EXPECT_LE(floats, bytes.size() / 2) << "round " << round;
      ++loaded;
    } catch (const Error&) {
    }
  }
  EXPECT_GT(loaded, 100) << "the damage was too great to say anything";
  EXPECT_LT(loaded, 3500);
}

TEST(Safetensors, NeedsAFolderToBeWrittenTo) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(write_safetensors(folder / "missing/a", example()), Error);
}

TEST(RequireTensor, ReturnsTheTensorOfThatShape) {
  const Safetensors content = example();
  EXPECT_EQ(&require_tensor(content.tensors, "weight", {2, 3}), &content.tensors.at("weight"));
}

TEST(RequireTensor, SaysWhatIsMissingAndWhatWasExpected) {
  const Safetensors content = example();
  const auto message_of = [&](const std::string& name,
                              const std::vector<std::int64_t>& shape) -> std::string {
    try {
      (void)require_tensor(content.tensors, name, shape);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message_of("head.weight", {2, 3}), HasSubstr("tensor head.weight is missing"));
  EXPECT_THAT(message_of("weight", {3, 2}), HasSubstr("has shape [2, 3] where [3, 2] is needed"));
  EXPECT_THAT(message_of("weight", {6}), HasSubstr("[6]"));
}

}  // namespace
}  // namespace winnow::model
