// What may be sent to POST /api/classify, and what is said of the rest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "running_site.hpp"
#include "winnow/core/base64.hpp"
#include "winnow/core/json.hpp"

namespace winnow::serving {
namespace {

using testing::HasSubstr;

constexpr const char* kApi = "/api/classify";

void expect_problem(const Reply& reply, int status, const std::string& code) {
  EXPECT_EQ(reply.status, status) << reply.body;
  EXPECT_EQ(reply.header("content-type"), "application/problem+json");
  const Json problem = Json::parse(reply.body, nullptr, false);
  ASSERT_FALSE(problem.is_discarded()) << reply.body;
  EXPECT_EQ(problem.value("type", ""), "urn:winnow:problem:" + code);
  EXPECT_EQ(problem.value("status", 0), status);
  EXPECT_NE(problem.value("detail", ""), "");
}

TEST(Upload, TakesPictureBytesUnderAnyTypeThatFits) {
  RunningSite site;
  for (const std::string type :
       {"", "Content-Type: image/jpeg\r\n", "Content-Type: image/png\r\n",
        "Content-Type: IMAGE/whatever; q=1\r\n", "Content-Type: application/octet-stream\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n"}) {
    const Reply reply = site.post(kApi, red_jpeg(), type);
    EXPECT_EQ(reply.status, 200) << type << reply.body;
    EXPECT_EQ(reply.header("content-type"), "application/json");
    EXPECT_EQ(Json::parse(reply.body)["label"], "red") << type;
  }
}

TEST(Upload, IsRefusedUnderATypeThatHoldsNoPicture) {
  RunningSite site;
  for (const std::string type : {"text/html", "application/xml", "video/mp4", "multipart/mixed; boundary=XX",
                                 "nonsense", "image", "", "application/octet-stream; ="}) {
    const Reply reply = site.post(kApi, red_jpeg(), "Content-Type: " + type + "\r\n");
    expect_problem(reply, 415, "unsupported-media-type");
    EXPECT_THAT(reply.header("accept-post"), HasSubstr("image/*"));
  }
  // What curl calls a form when it is told nothing, and is one.
  expect_problem(site.post(kApi, "a=b&c=d", "Content-Type: application/x-www-form-urlencoded\r\n"), 415,
                 "unsupported-media-type");
}

TEST(Upload, IsRefusedByTypeBeforeItIsSent) {
  RunningSite site;
  RawClient client(site.port());
  client.send(
      "POST /api/classify HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: text/html\r\n"
      "Content-Length: 5000000\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 415) << "and not 100";
}

TEST(Upload, MayNotBeEncoded) {
  RunningSite site;
  for (const std::string coding : {"gzip", "br", "identity"}) {
    expect_problem(site.post(kApi, red_jpeg(), "Content-Encoding: " + coding + "\r\n"), 415,
                   "unsupported-content-encoding");
  }
}

TEST(Upload, AnswersOnePictureWithOneObject) {
  RunningSite site;
  const Json raw = Json::parse(site.post(kApi, red_jpeg()).body);
  EXPECT_EQ(raw["path"], "");
  EXPECT_EQ(raw["label"], "red");
  EXPECT_EQ(raw["verdict"], "very_confident");
  EXPECT_EQ(raw["unknown"], false);
  EXPECT_EQ(raw["scores"].size(), 3U);
  const Json form = Json::parse(site.post(kApi, Form().add_file("file", "photos/a.jpg", green_jpeg())).body);
  EXPECT_EQ(form["path"], "a.jpg");
  EXPECT_EQ(form["label"], "green");
}

TEST(Upload, SaysThatAPictureIsUnlikeAnything) {
  RunningSite site;
  const Json answer = Json::parse(site.post(kApi, black_jpeg()).body);
  EXPECT_EQ(answer["unknown"], true);
  EXPECT_EQ(answer["verdict"], "none_of_these");
}

TEST(Upload, AnswersSeveralPicturesInTheirOrder) {
  RunningSite site;
  Form form;
  form.add_file("file", "1.jpg", green_jpeg())
      .add_file("file", "2.html", "<!doctype html><title>x</title>")
      .add_field("note", "is passed over")
      .add_file("other", "3.jpg", red_jpeg())
      .add_file("file", "", "");
  const Reply reply = site.post(kApi, form);
  EXPECT_EQ(reply.status, 200);
  const Json results = Json::parse(reply.body)["results"];
  ASSERT_EQ(results.size(), 3U) << "a file field left empty is no picture";
  EXPECT_EQ(results[0]["path"], "1.jpg");
  EXPECT_EQ(results[0]["label"], "green");
  EXPECT_EQ(results[1]["path"], "2.html");
  EXPECT_THAT(results[1]["error"].get<std::string>(), HasSubstr("not an image"));
  EXPECT_FALSE(results[1].contains("label"));
  EXPECT_EQ(results[2]["path"], "3.jpg");
  EXPECT_EQ(results[2]["label"], "red");
}

TEST(Upload, AnswersWithAsManyClassesAsAskedFor) {
  RunningSite site(std::make_unique<ColourClassifier>(), [](SiteOptions& options) { options.top_k = 2; });
  const auto count = [&](const std::string& query) {
    return Json::parse(site.post(kApi + query, red_jpeg()).body)["scores"].size();
  };
  EXPECT_EQ(count(""), 2U);
  EXPECT_EQ(count("?top=1"), 1U);
  EXPECT_EQ(count("?x=y&top=3"), 3U);
  EXPECT_EQ(count("?top=18446744073709551615"), 3U);
  for (const std::string top : {"0", "-1", "+1", "x", "1x", "1.5", "", "18446744073709551616"}) {
    expect_problem(site.post(std::string(kApi) + "?top=" + top, red_jpeg()), 400, "bad-parameter");
  }
}

TEST(Upload, IsRefusedWhenItIsNoPicture) {
  RunningSite site;
  expect_problem(site.post(kApi, "<!doctype html><p>hi</p>"), 422, "not-an-image");
  expect_problem(site.post(kApi, "just words"), 422, "not-an-image");
  expect_problem(site.post(kApi, std::string("II*\0\x08\0\0\0", 8)), 415, "unsupported-image-format");
  expect_problem(site.post(kApi, Form().add_file("file", "a", "just words")), 422, "not-an-image");
  expect_problem(site.post(kApi, Form().add_file("file", "named but empty", "")), 422, "not-an-image");
}

TEST(Upload, IsRefusedWhenItIsDamaged) {
  RunningSite site;
  const std::string jpeg = red_jpeg();
  for (std::size_t length = 4; length < jpeg.size(); length += 37) {
    expect_problem(site.post(kApi, jpeg.substr(0, length)), 422, "damaged-image");
  }
}

TEST(Upload, IsRefusedWhenThereIsNothing) {
  RunningSite site;
  expect_problem(site.post(kApi, ""), 400, "no-picture");
  expect_problem(site.post(kApi, Form()), 400, "no-picture");
  expect_problem(site.post(kApi, Form().add_field("file", "no file")), 400, "no-picture");
  expect_problem(site.post(kApi, Form().add_file("file", "", "")), 400, "no-picture");
}

TEST(Upload, IsRefusedWhenTheFormIsDamaged) {
  RunningSite site;
  const std::string body = Form().add_file("file", "a.jpg", red_jpeg()).body();
  expect_problem(site.post(kApi, body.substr(0, body.size() - 6), Form::kType), 400, "malformed-form");
  expect_problem(site.post(kApi, body, "Content-Type: multipart/form-data\r\n"), 400, "malformed-form");
  expect_problem(site.post(kApi, body, "Content-Type: multipart/form-data; boundary=YY\r\n"), 400,
                 "malformed-form");
}

TEST(Upload, IsRefusedWhenItIsTooMuch) {
  RunningSite site(std::make_unique<ColourClassifier>(), [](SiteOptions& options) {
    options.server.limits.body_bytes = 50'000;
    options.batching.max_pixels = 64 * 48;
    options.pictures = 2;
  });
  EXPECT_EQ(site.post(kApi, red_jpeg()).status, 200) << "just within the limit of pixels";
  expect_problem(site.post(kApi, solid_jpeg(250, 2, 2, 65, 48)), 413, "too-large");
  expect_problem(site.post(kApi, std::string(50'001, 'x')), 413, "too-large");
  Form form;
  form.add_file("file", "1", red_jpeg()).add_file("file", "2", red_jpeg());
  EXPECT_EQ(site.post(kApi, form).status, 200);
  expect_problem(site.post(kApi, form.add_file("file", "3", red_jpeg())), 413, "too-many-pictures");
  for (int i = 0; i < 20; ++i) form.add_field("x", "y");
  expect_problem(site.post(kApi, form), 413, "too-many-pictures");
}

TEST(Upload, TakesBase64InJson) {
  RunningSite site;
  const std::string type = "Content-Type: application/json; charset=utf-8\r\n";
  const std::string red = to_base64(as_bytes(red_jpeg()));
  const std::string green = to_base64(as_bytes(green_jpeg()));
  const Reply one = site.post(kApi, R"({"image": ")" + red + "\"}", type);
  ASSERT_EQ(one.status, 200) << one.body;
  EXPECT_EQ(Json::parse(one.body)["label"], "red");
  const Reply two = site.post(kApi, R"({"images": [")" + red + R"(", ")" + green + "\"]}", type);
  EXPECT_EQ(Json::parse(two.body)["results"][1]["label"], "green");
  const Reply list = site.post(kApi, R"({"images": [")" + red + "\"]}", type);
  EXPECT_EQ(Json::parse(list.body)["results"].size(), 1U) << "a list is answered with a list";
  for (const std::string body : {"x", "[]", "{}", R"({"image": 7})", R"({"image": "!"})",
                                 R"({"images": "AAAA"})", R"({"image": "AAAA", "images": []})"}) {
    expect_problem(site.post(kApi, body, type), 400, "malformed-json");
  }
  expect_problem(site.post(kApi, R"({"images": []})", type), 400, "no-picture");
  expect_problem(site.post(kApi, R"({"images": ["","","","","","","","",""]})", type), 413,
                 "too-many-pictures");
  expect_problem(site.post(kApi, std::string(100, '['), type), 413, "too-large");
  expect_problem(site.post(kApi, R"({"image": "AAAA"})", type), 422, "not-an-image");
}

}  // namespace
}  // namespace winnow::serving
