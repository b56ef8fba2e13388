#include "winnow/httpd/multipart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow::httpd {
namespace {

const std::string kType = "multipart/form-data; boundary=XX";

Result<std::vector<Part>> parse(const std::string& body, const std::string& type = kType,
                                const MultipartLimits& limits = {}) {
  return parse_multipart(type, as_bytes(body), limits);
}

std::string file_part(const std::string& disposition, const std::string& content,
                      const std::string& more = "") {
  return "--XX\r\nContent-Disposition: form-data; " + disposition + "\r\n" + more + "\r\n" + content + "\r\n";
}

TEST(Multipart, FindsThePartsWhereTheyLie) {
  const std::string picture("\xff\xd8\r\n--X\r\n-XX\0\r", 13);
  const std::string body =
      file_part("name=\"file\"; filename=\"a.jpg\"", picture, "Content-Type: image/jpeg\r\n") +
      file_part("name=\"top\"", "3") + "--XX--\r\n";
  const auto parts = parse(body);
  ASSERT_TRUE(parts) << parts.failure().message;
  ASSERT_EQ(parts->size(), 2U);
  const Part& file = (*parts)[0];
  EXPECT_EQ(file.name, "file");
  EXPECT_TRUE(file.is_file);
  EXPECT_EQ(file.file_name, "a.jpg");
  EXPECT_EQ(file.content_type, "image/jpeg");
  EXPECT_EQ(as_text(file.content), picture);
  EXPECT_EQ(as_text(file.content).data(), body.data() + body.find("\xff\xd8")) << "the bytes were copied";
  EXPECT_FALSE((*parts)[1].is_file);
  EXPECT_EQ(as_text((*parts)[1].content), "3");
}

TEST(Multipart, TakesWhatBrowsersAndToolsSend) {
  const struct {
    std::string disposition;
    std::string file_name;
  } cases[] = {
      {"name=\"file\"; filename=\"\"", ""},
      {"name=file; filename=a.jpg", "a.jpg"},
      {"name=\"file\"; filename=\"C:\\photos\\a.jpg\"", "a.jpg"},
      {"name=\"file\"; filename=\"../../etc/passwd\"", "passwd"},
      {"name=\"file\"; filename=\"folder/\"", ""},
      {"name=\"file\"; filename=\"say \\\"hi\\\".jpg\"", "say \"hi\".jpg"},
      {"name=\"file\"; filename=\"a%22b.jpg\"", "a%22b.jpg"},
      {"name=\"file\"; filename=\"K\xc3\xa4se;.jpg\"", "K\xc3\xa4se;.jpg"},
      {"name=\"file\"; filename=\"a.jpg\"; filename*=UTF-8''b.jpg", "a.jpg"},
  };
  for (const auto& [disposition, file_name] : cases) {
    const auto parts = parse(file_part(disposition, "x") + "--XX--");
    ASSERT_TRUE(parts) << disposition << ": " << parts.failure().message;
    EXPECT_TRUE((*parts)[0].is_file);
    EXPECT_EQ((*parts)[0].file_name, file_name);
    EXPECT_EQ((*parts)[0].name, "file");
  }
  EXPECT_TRUE(
      parse(file_part("name=a", "x", "Content-Transfer-Encoding: binary\r\nX-Other: y\r\n") + "--XX--"));
  EXPECT_EQ(parse(file_part("name=a", "") + "--XX--").value().front().content.size(), 0U);
  EXPECT_EQ(
      parse("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n--XX--").value().front().content.size(),
      0U);
}

TEST(Multipart, AcceptsEveryBoundaryTheStandardAllows) {
  for (const std::string boundary : {"a", "----WebKitFormBoundaryABC123", "'()+_,-./:=? x", "0"}) {
    const std::string body =
        "--" + boundary + "\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--" + boundary + "--\r\n";
    EXPECT_TRUE(parse(body, "multipart/form-data; boundary=\"" + boundary + "\"")) << boundary;
  }
  const std::string longest(70, 'b');
  const std::string body = "--" + longest + "--";
  EXPECT_TRUE(parse(body, "multipart/form-data; boundary=" + longest)) << "a form without parts";
}

TEST(Multipart, RefusesABadBoundary) {
  const std::string body = file_part("name=a", "x") + "--XX--";
  for (const std::string& type :
       {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
        std::string("multipart/form-data; boundary=\"\""),
        std::string("multipart/form-data; boundary=\"XX \""),
        std::string("multipart/form-data; boundary=X@X"),
        std::string("multipart/form-data; boundary=\"X\\\"X\""),
        std::string("multipart/form-data; boundary=XX; boundary=YY"),
        "multipart/form-data; boundary=" + std::string(71, 'b')}) {
    EXPECT_FALSE(parse(body, type)) << type;
  }
  EXPECT_EQ(parse(body, "multipart/mixed; boundary=XX").failure().code, "not_multipart");
  EXPECT_EQ(parse(body, "").failure().code, "not_multipart");
  EXPECT_EQ(parse(body, "multipart/form-data; boundary=YY").failure().code, "malformed");
}

TEST(Multipart, CutShortAnywhereIsRefused) {
  const std::string body =
      file_part("name=\"file\"; filename=\"a\"", "content") + file_part("name=b", "") + "--XX--";
  ASSERT_TRUE(parse(body));
  for (std::size_t length = 0; length < body.size(); ++length) {
    const auto parts = parse(body.substr(0, length));
    ASSERT_FALSE(parts) << "after " << length << " bytes";
    EXPECT_EQ(parts.failure().code, "malformed");
  }
}

TEST(Multipart, RefusesWhatIsDamaged) {
  const std::string good = "Content-Disposition: form-data; name=a";
  for (const std::string& body : std::vector<std::string>{
           std::string("preamble\r\n") + file_part("name=a", "x") + "--XX--",
           "\r\n" + file_part("name=a", "x") + "--XX--",
           file_part("name=a", "x") + "--XX--epilogue",
           file_part("name=a", "x") + "--XX--\r\n\r\n",
           file_part("name=a", "x") + "--XXX\r\n",
           "--XX \r\n" + good + "\r\n\r\nx\r\n--XX--",
           "--XX\n" + good + "\n\nx\n--XX--",
           "--XX\r\n\r\nno header\r\n--XX--",
           "--XX\r\nContent-Type: text/plain\r\n\r\nno name\r\n--XX--",
           file_part("filename=a", "no name") + "--XX--",
           file_part("name=a; name=b", "two names") + "--XX--",
           file_part("name=\"a", "open quote") + "--XX--",
           "--XX\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--XX--",
           "--XX\r\n" + good + "\r\n" + good + "\r\n\r\nx\r\n--XX--",
           "--XX\r\n" + good + "\r\n folded\r\n\r\nx\r\n--XX--",
           "--XX\r\nContent-Disposition : form-data; name=a\r\n\r\nx\r\n--XX--",
           "--XX\r\n" + good + "\r\nno colon\r\n\r\nx\r\n--XX--",
           "--XX\r\n" + good + "\r\nX: a\nb\r\n\r\nx\r\n--XX--",
           "--XX\r\n" + good + "\r\nX: a" + std::string(1, '\0') + "\r\n\r\nx\r\n--XX--",
           file_part("name=a", "x", "Content-Type: a/b\r\nContent-Type: c/d\r\n") + "--XX--",
           file_part("name=a", "eA==", "Content-Transfer-Encoding: base64\r\n") + "--XX--",
       }) {
    const auto parts = parse(body);
    ASSERT_FALSE(parts) << body;
    EXPECT_EQ(parts.failure().code, "malformed") << body;
  }
}

TEST(Multipart, KeepsItsLimits) {
  const MultipartLimits limits{.parts = 2, .part_header_bytes = 100};
  const std::string part = file_part("name=a", "x");
  EXPECT_TRUE(parse(part + part + "--XX--", kType, limits));
  EXPECT_EQ(parse(part + part + part + "--XX--", kType, limits).failure().code, "too_many_parts");
  const std::string plain = "Content-Disposition: form-data; name=a\r\n";
  const std::string filler(100 - plain.size() - std::string("X: \r\n").size(), 'y');
  EXPECT_TRUE(parse("--XX\r\n" + plain + "X: " + filler + "\r\n\r\nx\r\n--XX--", kType, limits))
      << "just within";
  const auto parts = parse("--XX\r\n" + plain + "X: y" + filler + "\r\n\r\nx\r\n--XX--", kType, limits);
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.failure().code, "too_large");
}

}  // namespace
}  // namespace winnow::httpd
