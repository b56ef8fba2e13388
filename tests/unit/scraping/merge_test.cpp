#include "winnow/scraping/merge.hpp"

#include "collector_fixture.hpp"

namespace winnow::scraping {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MergeTest : public CollectorFixture {
 protected:
  MergeTest() {
    for (std::uint64_t i = 1; i <= 4; ++i) serve_jpeg(fmt::format("/{}.jpg", i), i);
    serve_jpeg("/again.jpg", 2);
  }
  // Fetches a part and moves it aside.
  std::filesystem::path part(const std::string& name,
                             const std::vector<std::pair<std::string, std::string>>& lines) {
    collect_list(lines);
    std::filesystem::rename(set_, folder_ / name);
    return folder_ / name;
  }
  MergeReport merge(const std::vector<std::filesystem::path>& parts) const {
    ImageSetWriter set(folder_ / "whole");
    return merge_sets(set, parts, {}, context_);
  }
  [[nodiscard]] std::vector<std::string> kept() const {
    std::vector<std::string> files;
    read_manifest(folder_ / "whole", [&](const ManifestRow& row) {
      if (row.outcome == RowOutcome::kKept) files.push_back(row.file);
    });
    return files;
  }
};

TEST_F(MergeTest, JoinsPartsWithoutDuplicatesAcrossThem) {
  const auto one = part("one", {{"cat", "/1.jpg"}, {"cat", "/2.jpg"}});
  const auto two = part("two", {{"cat", "/again.jpg"}, {"dog", "/3.jpg"}, {"dog", "/none.jpg"}});
  const MergeReport report = merge({one, two});
  EXPECT_EQ(report.added, 3u);
  EXPECT_EQ(report.duplicates, 1u);
  EXPECT_THAT(report.unusable, IsEmpty());
  EXPECT_THAT(kept(), testing::UnorderedElementsAre(file_of("cat", jpeg(1)), file_of("cat", jpeg(2)),
                                                    file_of("dog", jpeg(3))));
  for (const std::string& file : kept())
    EXPECT_EQ(test::read_text(folder_ / "whole" / file),
              test::read_text((file.starts_with("cat") ? one : two) / file));
  std::vector<RowOutcome> others;
  read_manifest(folder_ / "whole", [&](const ManifestRow& row) {
    if (row.outcome != RowOutcome::kKept) others.push_back(row.outcome);
  });
  EXPECT_THAT(others, testing::UnorderedElementsAre(RowOutcome::kDuplicate, RowOutcome::kFailed));
  EXPECT_THAT(test::read_text(folder_ / "whole/ATTRIBUTION.md"), testing::HasSubstr(file_of("dog", jpeg(3))));
}

TEST_F(MergeTest, MergingAgainAddsNothing) {
  const auto one = part("one", {{"cat", "/1.jpg"}, {"cat", "/none.jpg"}});
  const auto two = part("two", {{"cat", "/1.jpg"}, {"cat", "/2.jpg"}});
  merge({one, two});
  const std::string before = test::read_text(folder_ / "whole/manifest.jsonl");
  EXPECT_EQ(merge({one, two}).added, 0u);
  EXPECT_EQ(test::read_text(folder_ / "whole/manifest.jsonl"), before);
}

TEST_F(MergeTest, MergingAgainAddsNothingForAddressesThatAreNotInNormalForm) {
  const auto one = part("one", {{"cat", "/2.jpg"}});
  const auto two = part("two", {{"cat", "/./again.jpg#top"}});
  merge({one, two});
  const std::string before = test::read_text(folder_ / "whole/manifest.jsonl");
  EXPECT_THAT(before, testing::HasSubstr("/./again.jpg"));
  merge({one, two});
  EXPECT_EQ(test::read_text(folder_ / "whole/manifest.jsonl"), before);
}

TEST_F(MergeTest, NamesWhatIsMissingOrBent) {
  const auto one = part("one", {{"cat", "/1.jpg"}, {"cat", "/2.jpg"}, {"cat", "/3.jpg"}});
  std::filesystem::remove(one / file_of("cat", jpeg(1)));
  folder_.write("one/" + file_of("cat", jpeg(2)), "not what was fetched");
  const MergeReport report = merge({one});
  EXPECT_EQ(report.added, 1u);
  EXPECT_THAT(report.unusable, testing::UnorderedElementsAre((one / file_of("cat", jpeg(1))).string(),
                                                             (one / file_of("cat", jpeg(2))).string()));
}

TEST_F(MergeTest, APartCannotWriteElsewhere) {
  const auto one = part("one", {{"cat", "/1.jpg"}});
  std::string manifest = test::read_text(one / "manifest.jsonl");
  const std::string file = file_of("cat", jpeg(1));
  manifest.replace(manifest.find("\"file\":\"" + file), 8 + file.size(), "\"file\":\"../../escaped.jpg");
  folder_.write("one/manifest.jsonl", manifest);
  EXPECT_EQ(merge({one}).added, 0u);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "escaped.jpg"));
}

TEST_F(MergeTest, RefusesWhatIsNoSet) {
  folder_.write("page/manifest.jsonl", "<html>");
  EXPECT_THROW((void)merge({folder_ / "page"}), Error);
  EXPECT_THROW((void)merge({folder_ / "nothing"}), Error);
}

}  // namespace
}  // namespace winnow::scraping
