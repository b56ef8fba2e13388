#include "winnow/scraping/image_set.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include <thread>
#include <vector>

#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow::scraping {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kHead = "{\"format\":\"winnow-manifest\",\"version\":1}\n";

ManifestRow row(const std::string& url, RowOutcome outcome = RowOutcome::kKept) {
  return {.url = url, .label = "cat", .outcome = outcome, .file = "cat/0123456789abcdef.jpg"};
}

class ImageSetTest : public testing::Test {
 protected:
  std::vector<std::string> urls() const {
    std::vector<std::string> found;
    read_manifest(folder_.path(), [&](const ManifestRow& r) { found.push_back(r.url); });
    return found;
  }
  std::string complaint() {
    try {
      ImageSetWriter writer(folder_.path());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  test::TemporaryFolder folder_;
};

TEST_F(ImageSetTest, BeginsASet) {
  EXPECT_FALSE(is_image_set(folder_ / "new/set"));
  {
    ImageSetWriter writer(folder_ / "new/set");
    writer.write_image("two words", "two words/0123456789abcdef.jpg", as_bytes("pixels"));
    writer.append(row("http://a/1.jpg"));
    writer.sync();
  }
  EXPECT_TRUE(is_image_set(folder_ / "new/set"));
  EXPECT_THAT(test::list_files(folder_ / "new/set"),
              ElementsAre("manifest.jsonl", "two words/0123456789abcdef.jpg"));
  EXPECT_EQ(test::read_text(folder_ / "new/set/two words/0123456789abcdef.jpg"), "pixels");
  EXPECT_EQ(test::read_text(folder_ / "new/set/manifest.jsonl"),
            std::string(kHead) +
                "{\"url\":\"http://a/1.jpg\",\"label\":\"cat\",\"outcome\":\"kept\",\"file\":\"cat/"
                "0123456789abcdef.jpg\"}\n");
}

TEST_F(ImageSetTest, GoesOnWithASet) {
  ImageSetWriter(folder_.path()).append(row("http://a/1.jpg"));
  ImageSetWriter(folder_.path()).append(row("http://a/2.jpg"));
  EXPECT_THAT(urls(), ElementsAre("http://a/1.jpg", "http://a/2.jpg"));
}

TEST_F(ImageSetTest, CutsOffATornLine) {
  ImageSetWriter(folder_.path()).append(row("http://a/1.jpg"));
  const std::string whole = test::read_text(folder_ / "manifest.jsonl");
  folder_.write("manifest.jsonl", whole + "{\"url\":\"http://a/2.jpg\",\"lab");
  EXPECT_THAT(urls(), ElementsAre("http://a/1.jpg"));
  ImageSetWriter(folder_.path()).append(row("http://a/3.jpg"));
  EXPECT_THAT(urls(), ElementsAre("http://a/1.jpg", "http://a/3.jpg"));
}

TEST_F(ImageSetTest, BeginsAgainAfterATornHead) {
  folder_.write("manifest.jsonl", kHead.substr(0, 10));
  ImageSetWriter(folder_.path()).append(row("http://a/1.jpg"));
  EXPECT_THAT(urls(), ElementsAre("http://a/1.jpg"));
}

TEST_F(ImageSetTest, RemovesTemporaryFiles) {
  folder_.write("manifest.jsonl", kHead);
  folder_.write(".winnow-123-4.tmp", "half a pict");
  folder_.write("notes.txt", "mine");
  const ImageSetWriter writer(folder_.path());
  EXPECT_THAT(test::list_files(folder_.path()), ElementsAre("manifest.jsonl", "notes.txt"));
}

TEST_F(ImageSetTest, RefusesForeignManifests) {
  folder_.write("manifest.jsonl", "{\"format\":\"winnow-manifest\",\"version\":2}\n");
  EXPECT_THAT(complaint(), HasSubstr("manifest.jsonl: was written by another version of winnow"));
  EXPECT_THROW(urls(), Error);
  folder_.write(".winnow-123-4.tmp", "not ours to remove");
  for (const char* foreign :
       {"{\"a\":1}\n", "not json\n", "[]\n", "{\"format\":5}\n", "one line without an end",
        "{\"format\":\"winnow-manifest\",\"version\":2}", "{\"a\":1}\n{\"torn\":", " ", "\n",
        "{\"format\":\"winnow-manifest\",\"version\":\"1\"}\n"}) {
    folder_.write("manifest.jsonl", foreign);
    EXPECT_NE(complaint(), "") << foreign;
    EXPECT_THROW(urls(), Error) << foreign;
    EXPECT_EQ(test::read_text(folder_ / "manifest.jsonl"), foreign);
    EXPECT_TRUE(std::filesystem::exists(folder_ / ".winnow-123-4.tmp")) << foreign;
  }
  folder_.write("manifest.jsonl", "");
  EXPECT_THROW(urls(), Error);
}

TEST_F(ImageSetTest, OnlyOneWritesAtATime) {
  const ImageSetWriter first(folder_.path());
  EXPECT_THAT(complaint(), HasSubstr("another process is writing to this image set"));
}

TEST_F(ImageSetTest, SaysWhatCannotBeWritten) {
  folder_.write("file", "");
  try {
    ImageSetWriter writer(folder_ / "file/set");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), HasSubstr("file/set: cannot create the folder: Not a directory"));
  }
  ImageSetWriter writer(folder_ / "set");
  folder_.write("set/dog", "a file where a folder should be");
  EXPECT_THROW(writer.write_image("dog", "dog/0123.jpg", as_bytes("pixels")), Error);
}

// The limit on file sizes stands in for a full disk: writes stop in the middle with an error.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit small = before_;
    small.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  rlimit before_{};
};

TEST_F(ImageSetTest, AFullDiskLeavesNoHalfPicture) {
  ImageSetWriter writer(folder_.path());
  {
    const SmallDisk disk(1000);
    EXPECT_THROW(writer.write_image("cat", "cat/0123.jpg", Bytes(5000, 1)), Error);
  }
  EXPECT_THAT(test::list_files(folder_.path()), ElementsAre("manifest.jsonl"));
  writer.write_image("cat", "cat/0123.jpg", Bytes(5000, 1));
  EXPECT_THAT(test::list_files(folder_.path()), ElementsAre("cat/0123.jpg", "manifest.jsonl"));
}

TEST_F(ImageSetTest, AFullDiskLeavesNoHalfRow) {
  ImageSetWriter writer(folder_.path());
  writer.append(row("http://a/1.jpg"));
  {
    const SmallDisk disk(200);
    EXPECT_THROW(writer.append(row("http://a/2.jpg")), Error);
  }
  EXPECT_THAT(test::read_text(folder_ / "manifest.jsonl"), testing::EndsWith("}\n"));
  writer.append(row("http://a/3.jpg"));
  EXPECT_THAT(urls(), ElementsAre("http://a/1.jpg", "http://a/3.jpg"));
}

TEST_F(ImageSetTest, TakesRowsAndPicturesFromManyThreads) {
  ImageSetWriter writer(folder_.path());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          const std::string label = "label" + std::to_string(i % 5);
          writer.write_image(label, label + "/" + std::to_string(t * 100 + i) + ".jpg", Bytes(100, 1));
          writer.append(row("http://a/" + std::to_string(t * 100 + i)));
        }
      });
    }
  }
  EXPECT_EQ(urls().size(), 200u);
  EXPECT_EQ(test::list_files(folder_.path()).size(), 201u);
}

TEST_F(ImageSetTest, WritesAttribution) {
  {
    ImageSetWriter writer(folder_.path());
    ManifestRow full = row("http://a/1.jpg");
    full.file = "cat/1.jpg";
    full.title = "Tom";
    full.creator = "Ann";
    full.licence = "https://creativecommons.org/licenses/by/4.0/";
    full.page_url = "http://a/page";
    writer.append(full);
    writer.append(full);  // as after a repeated run
    ManifestRow bare = row("http://a/0.jpg");
    bare.file = "cat/0.jpg";
    writer.append(bare);
    ManifestRow linked = row("http://a/3.jpg");
    linked.file = "cat/3.jpg";
    linked.creator = "Bo";
    linked.creator_url = "http://a/bo";
    linked.licence = "CC BY 4.0";
    linked.licence_url = "https://creativecommons.org/licenses/by/4.0/";
    writer.append(linked);
    ManifestRow gone = row("http://a/gone.jpg");
    gone.file = "cat/gone.jpg";
    writer.append(gone);
    for (const char* file : {"cat/1.jpg", "cat/0.jpg", "cat/3.jpg"}) {
      writer.write_image("cat", file, as_bytes("pixels"));
    }
    writer.append(row("http://a/2.jpg", RowOutcome::kFailed));
  }
  write_attribution(folder_.path());
  EXPECT_THAT(
      test::read_text(folder_ / "ATTRIBUTION.md"),
      testing::EndsWith("\n\n- cat/1.jpg: \"Tom\" by Ann, licence "
                        "<https://creativecommons.org/licenses/by/4.0/>, from <http://a/page>\n"
                        "- cat/0.jpg: untitled, creator unknown, licence unknown, from <http://a/0.jpg>\n"
                        "- cat/3.jpg: untitled by Bo (<http://a/bo>), licence CC BY 4.0 "
                        "(<https://creativecommons.org/licenses/by/4.0/>), from <http://a/3.jpg>\n"));
}

TEST_F(ImageSetTest, AttributionKeepsForeignTextHarmless) {
  {
    ImageSetWriter writer(folder_.path());
    ManifestRow evil = row("http://a/1.jpg");
    evil.title = "a\n# b <script>x</script> [c](javascript:d) `e`";
    evil.page_url = "javascript:alert(1)";
    evil.licence = "<b>\n";
    writer.append(evil);
    writer.write_image("cat", evil.file, as_bytes("pixels"));
    ManifestRow escape = row("http://a/2.jpg");
    escape.file = "cat/2.jpg";
    escape.page_url = "http://a/\x1b[2J";
    escape.licence =
        "https://a/\xc2\x9b"
        "2J";
    writer.append(escape);
    writer.write_image("cat", escape.file, as_bytes("pixels"));
  }
  write_attribution(folder_.path());
  const std::string text = test::read_text(folder_ / "ATTRIBUTION.md");
  EXPECT_THAT(text, Not(HasSubstr("<script>")));
  EXPECT_THAT(text, Not(HasSubstr("\n# b")));
  EXPECT_THAT(text, Not(HasSubstr("<javascript")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\xc2\x9b")));
  EXPECT_THAT(text, HasSubstr("\\[c\\](javascript:d) \\`e\\`"));
}

TEST(ImageFileName, IsShortAndTellsTheFormat) {
  EXPECT_EQ(image_file_name("cat", "0123456789abcdef0123456789abcdef", "jpg"), "cat/0123456789abcdef.jpg");
}

}  // namespace
}  // namespace winnow::scraping
