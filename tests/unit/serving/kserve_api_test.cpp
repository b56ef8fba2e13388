// Every part of the protocol as bytes; tests/tools/serve/tritonclient_test.py has the real client do the
// same.
#include "kserve_api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "running_site.hpp"
#include "winnow/core/base64.hpp"
#include "winnow/core/json.hpp"

namespace winnow::serving {
namespace {

using testing::HasSubstr;

constexpr const char* kInfer = "/v2/models/test/infer";

Json ask_for(Json input) {
  return {{"inputs", Json::array({std::move(input)})}};
}

std::string with_length(const std::string& bytes) {
  std::string text;
  for (unsigned shift = 0; shift < 32; shift += 8) text += static_cast<char>(bytes.size() >> shift & 255U);
  return text + bytes;
}

class KserveTest : public testing::Test {
 protected:
  Reply ask(const Json& json, const std::string& binary = "") {
    const std::string text = json.dump();
    return site_.post(kInfer, text + binary,
                      "Inference-Header-Content-Length: " + std::to_string(text.size()) + "\r\n");
  }

  RunningSite site_;
};

const Json kFile = {{"name", "image"}, {"datatype", "BYTES"}, {"shape", {1}}};
const Json kPixels = {{"name", "images"}, {"datatype", "UINT8"}, {"shape", {1, 32, 32, 3}}};

Json with(Json object, const std::string& name, Json value) {
  object[name] = std::move(value);
  return object;
}

Json binary(const Json& input, std::size_t size) {
  return with(input, "parameters", {{"binary_data_size", size}});
}

TEST_F(KserveTest, TellsWhatItIs) {
  EXPECT_EQ(Json::parse(site_.get("/v2").body)["extensions"],
            Json::parse(R"(["classification","binary_tensor_data"])"));
  EXPECT_EQ(site_.get("/v2/health/live").status, 200);
  EXPECT_EQ(site_.get("/v2/health/ready").status, 200);
  EXPECT_EQ(site_.get("/v2/models/test/ready").status, 200);
  const Json metadata = Json::parse(site_.get("/v2/models/test/versions/1").body);
  EXPECT_EQ(metadata["versions"], Json::parse(R"(["1"])"));
  EXPECT_EQ(metadata["inputs"][0]["shape"], Json::parse("[-1,32,32,3]"));
  EXPECT_EQ(metadata["outputs"][0],
            Json::parse(R"({"name":"probabilities","datatype":"FP32","shape":[-1,3]})"));
  RunningSite loading(nullptr);
  EXPECT_EQ(loading.get("/v2/health/live").status, 200);
  EXPECT_EQ(loading.get("/v2/health/ready").status, 503);
}

TEST_F(KserveTest, InfersFromJson) {
  const Json question =
      with(ask_for(with(kFile, "data", Json::array({to_base64(as_bytes(red_jpeg()))}))), "id", "7");
  const Reply reply = site_.post(kInfer, question.dump());
  ASSERT_EQ(reply.status, 200) << reply.body;
  const Json answer = Json::parse(reply.body);
  EXPECT_EQ(answer["model_name"], "test");
  EXPECT_EQ(answer["model_version"], "1");
  EXPECT_EQ(answer["id"], "7");
  EXPECT_EQ(answer["outputs"].size(), 3U);
  EXPECT_EQ(answer["outputs"][0]["name"], "probabilities");
  EXPECT_EQ(answer["outputs"][0]["shape"], Json::parse("[1,3]"));
  EXPECT_GT(answer["outputs"][0]["data"][0], 0.9);
}

TEST_F(KserveTest, InfersFromPixelsInEitherForm) {
  const std::vector<int> flat(32 * 32 * 3, 200);
  EXPECT_EQ(ask(ask_for(with(kPixels, "data", flat))).status, 200);
  const Json nested = Json::array({std::vector<Json>(32, std::vector<Json>(32, Json::array({1, 2, 3})))});
  EXPECT_EQ(ask(ask_for(with(kPixels, "data", nested))).status, 200);
  const std::string bytes(32 * 32 * 3, '\xc8');
  EXPECT_EQ(ask(ask_for(binary(kPixels, bytes.size())), bytes).status, 200);
}

TEST_F(KserveTest, SpeaksBinary) {
  const std::string file = with_length(green_jpeg());
  Json question = ask_for(binary(kFile, file.size()));
  question["outputs"] = Json::array({{{"name", "probabilities"}, {"parameters", {{"binary_data", true}}}}});
  const Reply reply = ask(question, file);
  ASSERT_EQ(reply.status, 200) << reply.body;
  const std::size_t length = std::stoul(reply.header("inference-header-content-length"));
  const Json answer = Json::parse(reply.body.substr(0, length));
  EXPECT_EQ(answer["outputs"][0]["parameters"]["binary_data_size"], 12);
  ASSERT_EQ(reply.body.size(), length + 12);
  float values[3];
  std::memcpy(values, reply.body.data() + length, sizeof values);
  EXPECT_GT(values[1], 0.9F);
}

TEST_F(KserveTest, NamesTheBestClasses) {
  const std::string file = with_length(red_jpeg());
  Json question = ask_for(binary(kFile, file.size()));
  question["outputs"] = Json::array({{{"name", "probabilities"}, {"parameters", {{"classification", 2}}}}});
  const Json answer = Json::parse(ask(question, file).body);
  EXPECT_EQ(answer["outputs"][0]["datatype"], "BYTES");
  EXPECT_EQ(answer["outputs"][0]["shape"], Json::parse("[1,2]"));
  EXPECT_THAT(answer["outputs"][0]["data"][0].get<std::string>(), testing::MatchesRegex("0\\.9[0-9]*:0:red"));
}

TEST_F(KserveTest, TakesARawFile) {
  const Reply reply = site_.post(kInfer, red_jpeg(), "Inference-Header-Content-Length: 0\r\n");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.header("content-type"), "application/octet-stream");
  EXPECT_EQ(
      site_.post(kInfer, std::string(32 * 32 * 3, 'x'), "Inference-Header-Content-Length: 0\r\n").status,
      200);
}

TEST_F(KserveTest, RefusesWhatItCannotUnderstand) {
  const std::string file = with_length(red_jpeg());
  const Json in_json = with(kFile, "data", Json::array({"AAAA"}));
  struct Case {
    Json json;
    std::string binary, text;
  };
  for (const Case& each : std::vector<Case>{
           {Json::array(), "", "object"},
           {Json::object(), "", "one input"},
           {{{"inputs", Json::array({in_json, in_json})}}, "", "one input"},
           {with(ask_for(in_json), "id", 7), "", "id"},
           {ask_for({{"name", "image"}}), "", "datatype"},
           {ask_for(kFile), "", "either data"},
           {ask_for(with(in_json, "shape", "x")), "", "shape"},
           {ask_for(with(in_json, "shape", {0})), "", "from 1 to 8"},
           {ask_for(with(in_json, "shape", {9})), "", "from 1 to 8"},
           {ask_for(with(in_json, "shape", {-1})), "", "shape"},
           {ask_for(with(in_json, "shape", {18446744073709551615U})), "", "shape"},
           {ask_for(with(in_json, "shape", {1, 1})), "", "shape"},
           {ask_for(with(in_json, "shape", {2})), "", "data"},
           {ask_for(with(in_json, "name", "x")), "", "images"},
           {ask_for(with(in_json, "datatype", "FP32")), "", "UINT8"},
           {ask_for(with(in_json, "data", {"!"})), "", "base64"},
           {ask_for(with(in_json, "data", {1})), "", "base64"},
           {ask_for(in_json), "", "cannot be read"},
           {ask_for(with(kPixels, "data", {1, 2, 3})), "", "shape"},
           {ask_for(with(kPixels, "data", std::vector<int>(3072, 256))), "", "0 to 255"},
           {ask_for(with(with(kPixels, "shape", {1, 3, 32, 32}), "data", {1})), "", "[n, 32, 32, 3]"},
           {ask_for(binary(kFile, file.size() + 1)), file, "binary_data_size"},
           {ask_for(binary(kFile, file.size() - 1)), file.substr(1), "ends early"},
           {ask_for(binary(kFile, 3)), "abc", "ends early"},
           {ask_for(binary(kFile, file.size())), file + "x", "belong to no input"},
           {ask_for(binary(kFile, file.size() + 1)), file + "x", "more than"},
           {ask_for(binary(kPixels, 100)), std::string(100, 'x'), "binary_data_size"},
           {with(ask_for(binary(kFile, file.size())), "outputs", 1), file, "outputs"},
           {with(ask_for(binary(kFile, file.size())), "outputs", {{{"name", "x"}}}), file, "no output"},
           {with(ask_for(binary(kFile, file.size())), "outputs",
                 {{{"name", "logits"}, {"parameters", {{"classification", 0}}}}}),
            file, "classification"},
           {with(ask_for(binary(kFile, file.size())), "outputs",
                 {{{"name", "logits"}, {"parameters", {{"binary_data", 1}}}}}),
            file, "true or false"}}) {
    const Reply reply = ask(each.json, each.binary);
    EXPECT_EQ(reply.status, 400) << each.json.dump();
    EXPECT_THAT(Json::parse(reply.body).value("error", ""), HasSubstr(each.text)) << each.json.dump();
  }
  for (const std::string length : {"x", "-1", "999999", "99999999999999999999999", ""}) {
    EXPECT_EQ(site_.post(kInfer, "{}", "Inference-Header-Content-Length: " + length + "\r\n").status, 400);
  }
  EXPECT_EQ(site_.post(kInfer, "", "Inference-Header-Content-Length: 0\r\n").status, 400);
}

TEST_F(KserveTest, KnowsItsPathsAndMethods) {
  EXPECT_EQ(site_.get(kInfer).status, 405);
  EXPECT_EQ(site_.get(kInfer).header("allow"), "POST");
  EXPECT_EQ(site_.post("/v2/models/test", "{}").status, 405);
  EXPECT_EQ(site_.post("/v2/health/live", "").status, 405);
  for (const std::string path :
       {"/v2/models/cats", "/v2/models/test/versions/2", "/v2/models/test/versions/x", "/v2/models",
        "/v2/models/test/x", "/v2/models/test/infer/x", "/v2/health", "/v2/x"}) {
    const Reply reply = site_.get(path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_TRUE(Json::parse(reply.body).contains("error")) << path;
  }
}

}  // namespace
}  // namespace winnow::serving
