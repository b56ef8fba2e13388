#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "doctor/options.hpp"
#include "support/built.hpp"
#include "support/colour_network.hpp"
#include "support/fake_http_server.hpp"
#include "support/options.hpp"
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

// What one run says, as JSON, and whether the exit code is that of it.
Json diagnose(std::vector<std::string> command, const std::vector<std::string>& environment = {}) {
  command.insert(command.end(), {"--format", "json"});
  const Finished result = test::run(command, {}, environment);
  const Json report = Json::parse(result.out, nullptr, false);
  EXPECT_TRUE(report.is_object()) << result.out << result.err;
  if (!report.is_object()) return Json::object();
  EXPECT_EQ(result.exit_code, report["ok"] == true ? 0 : 1) << result.out;
  EXPECT_EQ(result.err.empty(), report["ok"] == true) << result.err;
  return report;
}

std::vector<std::string> codes(const Json& report) {
  std::vector<std::string> all;
  for (const Json& finding : report["findings"]) all.push_back(finding["code"]);
  return all;
}

TEST(DoctorTool, DescribesEveryOption) {
  tools::DoctorOptions options;
  EXPECT_THAT(test::undescribed_options([&](CLI::App& app) { tools::add_options(app, options); }),
              testing::IsEmpty());
}

TEST(DoctorTool, FindsWhatIsBuilt) {
  const Json report = diagnose({"winnow-doctor"});
  const Json& installation = report["installation"];
  ASSERT_EQ(installation["programs"].size(), 6U);
  for (const Json& program : installation["programs"])
    EXPECT_EQ(program["version"], WINNOW_VERSION) << program;
  EXPECT_EQ(installation["openvino"]["state"], "works") << installation["openvino"];
  EXPECT_EQ(installation["libtorch"]["state"], "works") << installation["libtorch"];
  EXPECT_EQ(installation["weights"][0]["state"], "as_fetched");
  EXPECT_GT(report["speed"]["pictures_per_second"], 0);
  EXPECT_GT(report["speed"]["peak_memory_bytes"], 10'000'000);
  EXPECT_TRUE(report["model"].is_null());
  EXPECT_TRUE(report["hosts"].empty());
  EXPECT_GE(report["machine"]["threads"], 1);
}

TEST(DoctorTool, WritesAReportForPeople) {
  const Finished result = test::run({"winnow", "doctor"});
  for (const char* part : {"machine\n", "\nprograms\n", "\nspeed\n", "\ngood for\n  serving         "})
    EXPECT_THAT(result.out, HasSubstr(part)) << result.err;
  EXPECT_THAT(result.out, Not(HasSubstr("\nnetwork\n")));
}

TEST(DoctorTool, TestsAndMeasuresAModel) {
  const test::TemporaryFolder folder;
  const std::string model = (folder / "lite0.onnx").string();
  ASSERT_EQ(test::run({"winnow-export", "--pretrained", "efficientnet_lite0", "-o", model, "-q"}).exit_code,
            0);
  Json report = diagnose({"winnow-doctor", model});
  EXPECT_EQ(report["model"]["self_test"], "holds");
  EXPECT_EQ(report["model"]["classes"], 1000);
  EXPECT_GT(report["model"]["speed"]["alone_seconds"], 0);
  EXPECT_THAT(test::run({"winnow-doctor", model}).out, HasSubstr("self-test       holds: 3 pictures"));

  std::string damaged = test::read_text(model);
  damaged[damaged.size() / 2] ^= 0x40;
  report = diagnose({"winnow-doctor", folder.write("damaged.onnx", damaged).string()});
  EXPECT_EQ(report["ok"], false);
  EXPECT_THAT(codes(report), Contains("self_test_fails"));

  report = diagnose({"winnow-doctor", folder.write("cut.onnx", damaged.substr(0, 1000)).string()});
  EXPECT_EQ(report["ok"], false);
  EXPECT_THAT(codes(report), Contains("model_not_opened"));
}

TEST(DoctorTool, OpensTorchScript) {
  const test::TemporaryFolder folder;
  const std::string model = (folder / "lite0.pt").string();
  ASSERT_EQ(test::run({"winnow-export", "--pretrained", "efficientnet_lite0", "-o", model, "-q"}).exit_code,
            0);
  const Json report = diagnose({"winnow-doctor", model});
  EXPECT_EQ(report["model"]["self_test"], "none");
  EXPECT_EQ(report["model"]["classes"], 1000) << report["model"];
}

TEST(DoctorTool, SaysWhatIsNoModel) {
  const test::TemporaryFolder folder;
  const Json report = diagnose({"winnow-doctor", (folder / "none.onnx").string()});
  EXPECT_THAT(codes(report), Contains("model_not_opened"));
  EXPECT_THAT(std::string(report["model"]["failure"]), HasSubstr("none.onnx"));
  const std::string plain = folder.write("colours.onnx", as_text(test::colour_model())).string();
  EXPECT_THAT(codes(diagnose({"winnow-doctor", plain})), Contains("no_self_test"));
}

TEST(DoctorTool, SeesTheLimitsOfItsProcess) {
  const std::string doctor = (test::built_programs() / "winnow-doctor").string();
  const Json few = diagnose({"/bin/sh", "-c", "ulimit -n 256; exec \"$0\" \"$@\"", doctor});
  EXPECT_EQ(few["machine"]["open_files"], 256);
  EXPECT_THAT(codes(few), Contains("few_open_files"));
  const Json one = diagnose({"/usr/bin/taskset", "-c", "0", doctor});
  EXPECT_EQ(one["machine"]["allowed_processors"], 1);
  EXPECT_EQ(one["machine"]["threads"], 1);
}

TEST(DoctorTool, SeesFoldersThatCannotBeWritten) {
  const test::TemporaryFolder folder;
  const std::string file = folder.write("file", "").string();
  EXPECT_THAT(codes(diagnose({"winnow-doctor"}, {"XDG_CACHE_HOME=" + file})), Contains("cache_not_writable"));
  const Json report = diagnose({"winnow-doctor"}, {"TMPDIR=" + file});
  EXPECT_EQ(report["ok"], false);
  EXPECT_THAT(codes(report), Contains("temporary_not_writable"));
}

// A copy of the doctor among scripts that stand for broken programs.
TEST(DoctorTool, SeesWhatIsBroken) {
  const test::TemporaryFolder folder;
  const auto program = [&](const char* name, const char* script) {
    fs::permissions(folder.write(name, script), fs::perms::owner_all);
  };
  program("bin/winnow-classify", "#!/bin/sh\necho winnow 0.0.1\n");
  program("bin/winnow-serve",
          "#!/bin/sh\necho 'libopenvino.so.9: cannot open shared object file' >&2; exit 127\n");
  program("lib/winnow/winnow-measure", "#!/bin/sh\nkill -KILL $$\n");
  const fs::path doctor = folder / "bin/winnow-doctor";
  fs::copy_file(test::built_programs() / "winnow-doctor", doctor);
  const Json report = diagnose({doctor.string(), "pets.onnx"});
  EXPECT_EQ(report["ok"], false);
  for (const char* code :
       {"versions_differ", "program_broken", "openvino_broken", "weights_missing", "model_not_opened"})
    EXPECT_THAT(codes(report), Contains(code));
  EXPECT_TRUE(report["speed"].is_null());
  const Finished text = test::run({doctor.string()});
  EXPECT_THAT(text.out, HasSubstr("winnow-serve does not start: libopenvino.so.9"));
  EXPECT_THAT(text.out, HasSubstr("no memory left"));
  EXPECT_THAT(text.err, HasSubstr("things stand in the way\n"));
}

TEST(DoctorTool, AsksTheNetworkOnlyWhenTold) {
  test::FakeHttpServer server;
  server.serve("/robots.txt", "text/plain", "User-agent: *\n");
  const std::string address = server.url("");
  Json report = diagnose({"winnow-doctor", "--network", "--host", address, "--host", "http://127.0.0.1:1"});
  ASSERT_EQ(report["hosts"].size(), 2U);
  EXPECT_EQ(report["hosts"][0]["status"], 200);
  EXPECT_EQ(report["hosts"][1]["failure_code"], "connect");
  EXPECT_THAT(codes(report), Contains("unreachable"));
  EXPECT_EQ(test::run({"winnow-doctor", "--host", address}).exit_code, 2);
  EXPECT_EQ(test::run({"winnow-doctor", "--network", "--host", "a b"}).exit_code, 2);
  EXPECT_EQ(test::run({"winnow-doctor", "--format", "xml"}).exit_code, 2);
}

}  // namespace
}  // namespace winnow
