#include "tensorflow_api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "running_site.hpp"
#include "winnow/core/base64.hpp"
#include "winnow/core/json.hpp"

namespace winnow::serving {
namespace {

using testing::HasSubstr;

constexpr const char* kJson = "Content-Type: application/json\r\n";

std::string base64(const std::string& bytes) {
  return to_base64(as_bytes(bytes));
}

Json b64(const std::string& bytes) {
  return {{"b64", base64(bytes)}};
}

class TensorflowTest : public testing::Test {
 protected:
  Reply ask(const std::string& address, const Json& body) { return site_.post(address, body.dump(), kJson); }

  RunningSite site_;
};

TEST_F(TensorflowTest, PredictsRowsAndColumns) {
  for (const Json& row : {b64(red_jpeg()), Json{{"image_bytes", b64(red_jpeg())}}}) {
    const Reply reply =
        ask("/v1/models/test:predict", {{"instances", Json::array({row, b64(green_jpeg())})}});
    ASSERT_EQ(reply.status, 200) << reply.body;
    const Json predictions = Json::parse(reply.body)["predictions"];
    ASSERT_EQ(predictions.size(), 2U);
    EXPECT_GT(predictions[0][0], 0.9);
    EXPECT_GT(predictions[1][1], 0.9);
  }
  for (const Json& inputs :
       {b64(green_jpeg()), Json::array({b64(green_jpeg())}),
        Json{{"image_bytes", Json::array({b64(green_jpeg())})}}, Json{{"image_bytes", b64(green_jpeg())}}}) {
    const Reply reply = ask("/v1/models/test/versions/1:predict", {{"inputs", inputs}});
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_GT(Json::parse(reply.body)["outputs"][0][1], 0.9);
  }
}

TEST_F(TensorflowTest, TakesPixelsAsNumbers) {
  const Json pixel = Json::array({0, 0, 255});
  const Json row = Json(std::vector<Json>(32, pixel));
  const Json picture = Json(std::vector<Json>(32, row));
  const Reply reply = ask("/v1/models/test:predict", {{"instances", Json::array({picture})}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_GT(Json::parse(reply.body)["predictions"][0][2], 0.9);
}

TEST_F(TensorflowTest, ClassifiesWithLabels) {
  const Reply reply =
      ask("/v1/models/test:classify", {{"examples", Json::array({{{"image_bytes", b64(red_jpeg())}}})}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  const Json results = Json::parse(reply.body)["results"];
  EXPECT_EQ(results[0][0][0], "red");
  EXPECT_GT(results[0][0][1], 0.9);
  EXPECT_EQ(results[0].size(), 3U);
}

TEST_F(TensorflowTest, TellsStatusAndMetadata) {
  const Json status = Json::parse(site_.get("/v1/models/test").body)["model_version_status"];
  EXPECT_EQ(status,
            Json::parse(
                R"([{"version":"1","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}])"));
  const Json metadata = Json::parse(site_.get("/v1/models/test/versions/1/metadata").body);
  EXPECT_EQ(metadata["model_spec"]["name"], "test");
  const Json& signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"];
  EXPECT_EQ(signature["inputs"]["image_bytes"]["dtype"], "DT_STRING");
  EXPECT_EQ(signature["outputs"]["probabilities"]["tensor_shape"]["dim"][1]["size"], "3");
  EXPECT_EQ(Json::parse(site_.get("/v1/models").body), Json::parse(R"({"models":["test"]})"));
}

TEST_F(TensorflowTest, SpeaksOfErrorsAsTensorflowDoes) {
  struct Case {
    std::string method, path, body;
    int status;
    std::string text;
  };
  const std::string good = Json{{"instances", Json::array({b64(red_jpeg())})}}.dump();
  for (const Case& each : std::vector<Case>{
           {"GET", "/v1/models/cats", "", 404, "Servable not found for request: cats"},
           {"GET", "/v1/models/test/versions/2", "", 404, "Servable not found"},
           {"GET", "/v1/models/test/labels/stable", "", 404, "Servable not found"},
           {"GET", "/v1/models/test/versions/x", "", 400, "Malformed request"},
           {"GET", "/v1/models/test:predict", "", 400, "Malformed request: GET"},
           {"POST", "/v1/models/test", good, 400, "Malformed request: POST"},
           {"POST", "/v1/models/test:explode", good, 400, "Malformed request"},
           {"POST", "/v1/models/test:regress", good, 400, "regress"},
           {"POST", "/v1/models/:predict", good, 400, "Malformed request"},
           {"POST", "/v1/models/test/versions/1/labels/a:predict", good, 400, "Malformed request"},
           {"POST", "/v1/models/test:predict", "", 400, "JSON"},
           {"POST", "/v1/models/test:predict", "[]", 400, "object"},
           {"POST", "/v1/models/test:predict", "{}", 400, "instances"},
           {"POST", "/v1/models/test:predict", R"({"instances":[],"inputs":[]})", 400, "instances"},
           {"POST", "/v1/models/test:predict", R"({"instances":[]})", 400, "no picture"},
           {"POST", "/v1/models/test:predict", R"({"instances":{"b64":"AA"}})", 400, "no picture"},
           {"POST", "/v1/models/test:predict", R"({"instances":["AA"]})", 400, "b64"},
           {"POST", "/v1/models/test:predict", R"({"instances":[{"b64":"!"}]})", 400, "base64"},
           {"POST", "/v1/models/test:predict", R"({"instances":[{"b64":"AA","x":1}]})", 400, "b64"},
           {"POST", "/v1/models/test:predict", R"({"instances":[{"picture":{"b64":"AA"}}]})", 400,
            "image_bytes"},
           {"POST", "/v1/models/test:predict", R"({"instances":[[[1,2,3]]]})", 400, "pixels"},
           {"POST", "/v1/models/test:predict", R"({"instances":[{"b64":"AAAA"}]})", 400, "cannot be read"},
           {"POST", "/v1/models/test:predict", R"({"instances":[1,2,3,4,5,6,7,8,9]})", 400, "at most 8"},
           {"POST", "/v1/models/test:classify", good, 400, "examples"}}) {
    const Reply reply =
        test::request(site_.port(), each.method, each.path, each.body, each.body.empty() ? "" : kJson);
    EXPECT_EQ(reply.status, each.status) << each.path << each.body;
    const Json answer = Json::parse(reply.body, nullptr, false);
    ASSERT_TRUE(answer.is_object()) << reply.body;
    EXPECT_THAT(answer.value("error", ""), HasSubstr(each.text)) << each.path << each.body;
  }
}

TEST(Tensorflow, SaysNotReadyInItsOwnWay) {
  RunningSite site(nullptr);
  const Reply reply = site.post("/v1/models/test:predict", "{}", kJson);
  EXPECT_EQ(reply.status, 503);
  EXPECT_NE(reply.header("retry-after"), "");
  EXPECT_TRUE(Json::parse(reply.body).contains("error"));
}

}  // namespace
}  // namespace winnow::serving
