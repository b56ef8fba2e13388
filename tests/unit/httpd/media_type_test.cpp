#include "winnow/httpd/media_type.hpp"

#include <gtest/gtest.h>

namespace winnow::httpd {
namespace {

TEST(ParseParameterised, ReadsWordAndParameters) {
  const auto type = parse_parameterised(" Multipart/Form-Data ; Boundary=AbC; x=\"a;b\\\"c\\\\d\" ;; y=1;");
  ASSERT_TRUE(type);
  EXPECT_EQ(type->value, "multipart/form-data");
  EXPECT_EQ(type->find("boundary"), "AbC");
  EXPECT_EQ(type->find("x"), "a;b\"c\\d");
  EXPECT_EQ(type->find("y"), "1");
  EXPECT_EQ(type->find("z"), std::nullopt);
  EXPECT_EQ(parse_parameterised("image/svg+xml")->value, "image/svg+xml");
  EXPECT_EQ(parse_parameterised("form-data; name=\"\"")->find("name"), "");
  EXPECT_EQ(parse_parameterised("form-data; filename=\"C:\\photos\\a.jpg\"")->find("filename"),
            "C:\\photos\\a.jpg");
}

TEST(ParseParameterised, RefusesWhatIsDamaged) {
  for (const std::string text : {"", " ", ";", "; a=b", "a/b/c", "/b", "a/", "a b", "a/b; c", "a/b; =d",
                                 "a/b; c=", "a/b; c d=e", "a/b; c=d e", "a/b; c=\"d", "a/b; c=\"d\"e",
                                 "a/b; c=\"d\\\"", "a/b; c=1; C=2", "a/b, c/d", "a/b; c=(d)"}) {
    EXPECT_FALSE(parse_parameterised(text)) << text;
  }
}

}  // namespace
}  // namespace winnow::httpd
