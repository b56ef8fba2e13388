#include "xml.hpp"

#include <gtest/gtest.h>

namespace winnow::net {
namespace {

TEST(Xml, ReadsWhatServicesAnswer) {
  const auto root = parse_xml(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n  <ListBucketResult "
      "xmlns='http://x/'>\n<KeyCount>2</KeyCount><Contents>"
      "<Key>a&amp;b "
      "&lt;&gt;&quot;&apos;&#228;&#x20AC;&#x1F600;</Key><Size>5</Size></Contents><Contents><Key>c</Key></"
      "Contents>"
      "<Empty/><Prefix a = \"1>\" b='2'></Prefix></ListBucketResult>\n");
  ASSERT_TRUE(root) << root.failure().message;
  EXPECT_EQ(root->name, "ListBucketResult");
  ASSERT_EQ(root->children.size(), 5u);
  EXPECT_EQ(root->value("KeyCount"), "2");
  EXPECT_EQ(root->children[1].value("Key"), "a&b <>\"'\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(root->children[2].value("Size"), "");
  EXPECT_EQ(root->child("None"), nullptr);
  EXPECT_NE(root->child("Empty"), nullptr);
}

TEST(Xml, ReadsBackWhatItEscapes) {
  const std::string text = "<a href=\"x\">&amp; 'b'</a>";
  EXPECT_EQ(parse_xml("<t>" + escape_xml(text) + "</t>")->text, text);
}

TEST(Xml, RefusesWhatIsCutOffAnywhere) {
  const std::string whole = "<?xml version=\"1.0\"?><a x=\"1\"><b>t&amp;t</b><c/></a>";
  ASSERT_TRUE(parse_xml(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_xml(whole.substr(0, size))) << whole.substr(0, size);
  }
}

TEST(Xml, RefusesWhatSuchAnswersNeverHold) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  std::string wide = "<a>";
  for (int i = 0; i < 20'001; ++i) wide += "<b/>";
  wide += "</a>";
  using namespace std::string_literals;
  for (const std::string& text : {"<a></b>"s,
                                  "<a/>x"s,
                                  "<a/><b/>"s,
                                  "text"s,
                                  "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"s,
                                  "<a>&b;</a>"s,
                                  "<a>&amp</a>"s,
                                  "<a>&#0;</a>"s,
                                  "<a>&#xD800;</a>"s,
                                  "<a>&#x110000;</a>"s,
                                  "<a>&#;</a>"s,
                                  "<a>&#-1;</a>"s,
                                  "<a>&;</a>"s,
                                  "<a><!-- c --></a>"s,
                                  "<a><![CDATA[b]]></a>"s,
                                  "<a b></a>"s,
                                  "<a b=c></a>"s,
                                  "<a \"b\"></a>"s,
                                  "<>"s,
                                  "</a>"s,
                                  "<a>\x01</a>"s,
                                  "<a>\0</a>"s,
                                  "< a/>"s,
                                  deep,
                                  wide}) {
    EXPECT_FALSE(parse_xml(text)) << text.substr(0, 60);
  }
}

}  // namespace
}  // namespace winnow::net
