// The archive of winnow-runtime, as `cpack` has just made it: what is in it, how big it is, and that it runs
// anywhere. packaging/test_in_debian.sh installs the Debian packages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/built.hpp"
#include "support/colour_network.hpp"
#include "support/encoders.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/bytes.hpp"
#include "winnow/core/json.hpp"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using test::Finished;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kPrograms[] = {"winnow",          "winnow-scrape", "winnow-curate",
                                     "winnow-classify", "winnow-serve",  "winnow-doctor"};
constexpr std::uintmax_t kLargest = 120'000'000;  // bytes unpacked

image::Image red_square() {
  image::Image picture(64, 64);
  for (std::size_t i = 0; i < picture.size_bytes(); ++i) picture.pixels()[i] = i % 3 == 0 ? 250 : 20;
  return picture;
}

class Package : public testing::Test {
 protected:
  void SetUp() override {
    const Finished unpacked =
        test::run({"/bin/tar", "-xzf", archive().string(), "-C", folder_.path().string()});
    ASSERT_EQ(unpacked.exit_code, 0) << unpacked.err;
  }

  static fs::path archive() {
    return test::built_programs().parent_path() /
           ("packages/winnow-runtime-" WINNOW_VERSION "-" WINNOW_PROCESSOR ".tar.gz");
  }
  // Without the environment of the build: what it finds, it finds by itself.
  [[nodiscard]] Finished run_unpacked(const std::string& program,
                                      const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {"/usr/bin/env", "-i", (root() / "bin" / program).string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return test::run(command);
  }
  [[nodiscard]] fs::path root() const { return folder_ / "winnow-" WINNOW_VERSION; }

  test::TemporaryFolder folder_;
};

TEST_F(Package, HoldsWhatItShouldAndNothingOfLibTorch) {
  const std::vector<std::string> files = test::list_files(root());
  for (const std::string name : kPrograms) {
    EXPECT_THAT(files, Contains("bin/" + name));
    EXPECT_THAT(files, Contains("share/man/man1/" + name + ".1.gz"));
    EXPECT_THAT(files, Contains("share/bash-completion/completions/" + name));
    EXPECT_THAT(files, Contains("share/zsh/vendor-completions/_" + name));
    EXPECT_THAT(files, Contains("share/fish/vendor_completions.d/" + name + ".fish"));
  }
  for (const char* name :
       {"lib/systemd/system/winnow-serve.service", "lib/systemd/system/winnow-serve.socket",
        "lib/sysusers.d/winnow.conf", "lib/winnow/winnow-measure", "share/doc/winnow-runtime/copyright",
        "share/doc/winnow-runtime/sbom.spdx.json", "share/doc/winnow-runtime/licences/winnow/LICENSE",
        "share/doc/winnow-runtime/licences/openvino/LICENSE", "share/doc/winnow-runtime/tools/serve.md"}) {
    EXPECT_THAT(files, Contains(name));
  }
  for (const std::string& file : files) {
    EXPECT_THAT(file, Not(HasSubstr("torch")));
    EXPECT_THAT(file, Not(StartsWith("include/")));
  }
}

TEST_F(Package, IsSmall) {
  std::uintmax_t bytes = 0;
  for (const std::string& file : test::list_files(root())) bytes += fs::file_size(root() / file);
  EXPECT_LT(bytes, kLargest);
}

TEST_F(Package, RunsWhereItIsUnpacked) {
  for (const char* program : kPrograms) {
    const Finished result = run_unpacked(program, {"--version"});
    EXPECT_EQ(result.out, "winnow " WINNOW_VERSION "\n") << program << ' ' << result.err;
  }
  const fs::path model = folder_.write("colours.onnx", as_text(test::colour_model()));
  const fs::path picture = folder_.write("red.png", as_text(test::encode_png(red_square())));
  const Finished answer = run_unpacked(
      "winnow", {"classify", model.string(), picture.string(), "--format", "jsonl", "--no-cache"});
  EXPECT_EQ(answer.exit_code, 0) << answer.err;
  EXPECT_EQ(Json::parse(answer.out)["label"], "red");
}

TEST_F(Package, IsWellByItsOwnAccount) {
  const fs::path model = folder_.write("colours.onnx", as_text(test::colour_model()));
  const Finished result = run_unpacked("winnow", {"doctor", model.string(), "--format", "json"});
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  const Json report = Json::parse(result.out);
  EXPECT_EQ(report["installation"]["openvino"]["state"], "works");
  EXPECT_EQ(report["installation"]["libtorch"]["state"], "absent");
  EXPECT_EQ(report["good_for"]["head"]["fitness"], "no");
  EXPECT_EQ(report["model"]["classes"], 3);
}

TEST_F(Package, FindsItsLibrariesBesideItself) {
  for (const char* program : {"winnow-curate", "winnow-classify", "winnow-serve"}) {
    const Finished result = test::run({"/usr/bin/ldd", (root() / "bin" / program).string()});
    EXPECT_THAT(result.out, HasSubstr((root() / "bin/../lib/winnow/libopenvino.so").string())) << program;
    EXPECT_THAT(result.out, Not(HasSubstr("not found")));
    EXPECT_THAT(result.out, Not(HasSubstr(".deps")));
  }
}

TEST_F(Package, IsHardened) {
  for (const char* program : kPrograms) {
    const Finished read =
        test::run({"/usr/bin/readelf", "-hldW", "--dyn-syms", (root() / "bin" / program).string()});
    EXPECT_THAT(read.out, HasSubstr("DYN (Position-Independent Executable file)")) << program;
    EXPECT_THAT(read.out, HasSubstr("GNU_RELRO")) << program;
    EXPECT_THAT(read.out, HasSubstr("BIND_NOW")) << program;
    EXPECT_THAT(read.out, testing::ContainsRegex("GNU_STACK +0x0+ 0x0+ 0x0+ 0x0+ 0x0+ RW ")) << program;
    EXPECT_THAT(read.out, HasSubstr("__stack_chk_fail")) << program;
  }
  const Finished serve =
      test::run({"/usr/bin/readelf", "-W", "--dyn-syms", (root() / "bin/winnow-serve").string()});
  EXPECT_THAT(serve.out, testing::ContainsRegex("__(memcpy|snprintf|read|vsnprintf)_chk"));
}

TEST_F(Package, HasABillOfMaterialsThatIsValidAndTrue) {
  const fs::path bill = root() / "share/doc/winnow-runtime/sbom.spdx.json";
  const Json document = Json::parse(test::read_text(bill));
  EXPECT_EQ(document["spdxVersion"], "SPDX-2.3");
  std::vector<std::string> listed;
  for (const Json& file : document["files"]) listed.push_back(file["fileName"].get<std::string>().substr(2));
  std::vector<std::string> there = test::list_files(root());
  std::erase(there, "share/doc/winnow-runtime/sbom.spdx.json");
  EXPECT_THAT(listed, testing::UnorderedElementsAreArray(there));
  std::vector<std::string> parts;
  for (const Json& part : document["packages"]) {
    parts.push_back(part["name"]);
    EXPECT_NE(part["licenseDeclared"], "NOASSERTION") << part["name"];
  }
  for (const char* name : {"winnow-runtime", "OpenVINO", "Boost", "CLI11"})
    EXPECT_THAT(parts, Contains(name));
  const fs::path python = test::peers_python();
  if (!fs::exists(python)) GTEST_SKIP() << "no validator; scripts/setup.sh installs it";
  const Finished valid =
      test::run({python.string(), "-m", "spdx_tools.spdx.clitools.pyspdxtools", "-i", bill.string()});
  EXPECT_EQ(valid.exit_code, 0) << valid.out << valid.err;
}

}  // namespace
}  // namespace winnow
