#include "winnow/httpd/html.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace winnow::httpd {
namespace {

TEST(Html, TextCannotBecomeMarkup) {
  EXPECT_EQ(Html::escape("<a href=\"x\">&'").text(), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  const Html inner = Html::fill("<b>{{name}}</b>", {{"name", "<i>"}});
  EXPECT_EQ(Html::fill("{{inner}} {{text}}", {{"inner", inner}, {"text", "{{inner}}"}}).text(),
            "<b>&lt;i&gt;</b> {{inner}}");
}

TEST(Html, ASlotWithoutAValueIsAMistake) {
  EXPECT_THROW((void)Html::fill("{{name}}", {}), std::logic_error);
}

}  // namespace
}  // namespace winnow::httpd
