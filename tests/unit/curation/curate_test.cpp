#include "winnow/curation/curate.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "support/encoders.hpp"
#include "support/photo.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::curation {
namespace {

using dataset::CuratedRow;
using dataset::Split;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CurateTest : public testing::Test {
 protected:
  void add(const std::string& name, ByteSpan content) { folder.write(name, as_text(content)); }
  void add_photo(const std::string& name, std::uint64_t seed, int quality = 90) {
    add(name, image::encode_jpeg(test::draw_photo(seed), quality));
  }
  void add_small_photo(const std::string& name, std::uint64_t seed) {
    add(name, image::encode_jpeg(image::resize(test::draw_photo(seed), 120, 90)));
  }

  [[nodiscard]] Curation curate(unsigned threads = 2) const {
    return curation::curate(dataset::open_dataset(folder.path()), options, test::RecordingContext(threads));
  }

  test::TemporaryFolder folder;
  CurationOptions options;
};

const CuratedRow& row_of(const Curation& curation, const std::string& path) {
  for (const CuratedRow& row : curation.manifest.rows) {
    if (row.path == path) return row;
  }
  throw std::out_of_range(path);
}

std::vector<std::string> kept(const Curation& curation) {
  std::vector<std::string> paths;
  for (const CuratedRow& row : curation.manifest.rows) {
    if (row.keep) paths.push_back(row.path);
  }
  return paths;
}

// "code: detail" of all issues of a picture.
std::vector<std::string> issues(const Curation& curation, const std::string& path) {
  std::vector<std::string> lines;
  for (const dataset::Issue& issue : row_of(curation, path).issues)
    lines.push_back(issue.code + ": " + issue.detail);
  return lines;
}

std::string manifest_text(const Curation& curation) {
  const test::TemporaryFolder folder;
  write_curated_manifest(folder / "c.jsonl", curation.manifest);
  const std::string text = test::read_text(folder / "c.jsonl");
  return text.substr(text.find('\n'));  // the first line says where the images are from here
}

TEST_F(CurateTest, KeepsEveryDifferentPicture) {
  add_photo("cat/a.jpg", 1);
  add_photo("cat/b.jpg", 2);
  add_photo("dog/c.jpg", 3);
  const Curation curation = curate();
  EXPECT_THAT(kept(curation), ElementsAre("cat/a.jpg", "cat/b.jpg", "dog/c.jpg"));
  EXPECT_THAT(curation.groups, IsEmpty());
  EXPECT_EQ(curation.manifest.root, folder.path());
  const CuratedRow& row = row_of(curation, "dog/c.jpg");
  EXPECT_EQ(row.label, "dog");
  EXPECT_EQ(row.width, 240);
  EXPECT_EQ(row.height, 180);
  EXPECT_EQ(row.sha256, sha256_hex(as_bytes(test::read_text(folder / "dog/c.jpg"))));
  EXPECT_THAT(row.issues, IsEmpty());
}

TEST_F(CurateTest, KeepsTheFirstOfExactCopies) {
  add_photo("cat/a.jpg", 1);
  add_photo("cat/b.jpg", 1);
  add_photo("cat/other.jpg", 2);
  const Curation curation = curate();
  EXPECT_THAT(kept(curation), ElementsAre("cat/a.jpg", "cat/other.jpg"));
  EXPECT_THAT(issues(curation, "cat/b.jpg"), ElementsAre("exact_duplicate: the same bytes as cat/a.jpg"));
  EXPECT_EQ(row_of(curation, "cat/b.jpg").group, -1);
}

TEST_F(CurateTest, KeepsTheLargestOfNearCopies) {
  add_small_photo("cat/a.jpg", 1);
  add_photo("cat/b.jpg", 1);
  add("cat/c.jpg", image::encode_jpeg(image::resize(test::mirrored(test::draw_photo(1)), 100, 75)));
  const Curation curation = curate();
  EXPECT_THAT(kept(curation), ElementsAre("cat/b.jpg"));
  EXPECT_THAT(issues(curation, "cat/a.jpg"), ElementsAre("near_duplicate: looks the same as cat/b.jpg"));
  EXPECT_THAT(issues(curation, "cat/c.jpg"), ElementsAre("near_duplicate: looks the same as cat/b.jpg"));
  ASSERT_EQ(curation.groups.size(), 1u);
  EXPECT_FALSE(curation.groups[0].conflict);
  EXPECT_THAT(curation.groups[0].rows, ElementsAre(1, 0, 2));
}

TEST_F(CurateTest, KeepsTheLargerFileOfEqualSizes) {
  add_photo("cat/a.jpg", 1, 50);
  add_photo("cat/b.jpg", 1, 95);
  EXPECT_THAT(kept(curate()), ElementsAre("cat/b.jpg"));
}

TEST_F(CurateTest, KeepsNoPictureUnderTwoLabels) {
  add_photo("cat/a.jpg", 1);
  add_small_photo("cat/b.jpg", 1);
  add_photo("dog/c.jpg", 1);
  add_photo("dog/other.jpg", 2);
  const Curation curation = curate();
  EXPECT_THAT(kept(curation), ElementsAre("dog/other.jpg"));
  for (const char* path : {"cat/a.jpg", "cat/b.jpg", "dog/c.jpg"}) {
    EXPECT_THAT(issues(curation, path), ElementsAre("label_conflict: the same picture is labelled cat, dog"))
        << path;
  }
  ASSERT_EQ(curation.groups.size(), 1u);
  EXPECT_TRUE(curation.groups[0].conflict);
}

TEST_F(CurateTest, KeepsNothingWhenAllIsInConflict) {
  add_photo("cat/a.jpg", 1);
  add_photo("dog/a.jpg", 1);
  EXPECT_THAT(kept(curate()), IsEmpty());
}

TEST_F(CurateTest, ListsConflictsFirstAndThenTheLargestGroups) {
  for (const char* name : {"cat/a1.jpg", "cat/a2.jpg", "cat/b1.jpg", "cat/b2.jpg", "cat/b3.jpg"}) {
    add_photo(name, name[4] == 'a' ? 1 : 2);
  }
  add_photo("cat/c.jpg", 3);
  add_photo("dog/c.jpg", 3);
  const Curation curation = curate();
  ASSERT_EQ(curation.groups.size(), 3u);
  EXPECT_TRUE(curation.groups[0].conflict);
  EXPECT_EQ(curation.groups[1].rows.size(), 3u);
  EXPECT_EQ(curation.groups[2].rows.size(), 2u);
}

TEST_F(CurateTest, RejectsWhatCannotBeRead) {
  const Bytes jpeg = image::encode_jpeg(test::draw_photo(1));
  add("cat/good.jpg", jpeg);
  add("cat/cut.jpg", ByteSpan(jpeg).first(jpeg.size() - 200));
  add("cat/page.jpg", as_bytes("<html>not found</html>"));
  add("cat/empty.jpg", {});
  const Curation curation = curate();
  EXPECT_THAT(kept(curation), ElementsAre("cat/good.jpg"));
  EXPECT_EQ(row_of(curation, "cat/cut.jpg").issues.at(0).code, "truncated");
  EXPECT_EQ(row_of(curation, "cat/page.jpg").issues.at(0).code, "not_an_image");
  EXPECT_EQ(row_of(curation, "cat/empty.jpg").issues.at(0).code, "empty");
  EXPECT_EQ(row_of(curation, "cat/empty.jpg").sha256, "");
}

TEST_F(CurateTest, NeedsOneReadablePicture) {
  add("cat/a.jpg", as_bytes("<html>"));
  add("dog/b.jpg", {});
  try {
    (void)curate();
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
    EXPECT_THAT(error.what(), HasSubstr("none of its 2 files is a readable image; the first: cat/a.jpg: "));
  }
}

TEST_F(CurateTest, KeepsAPictureWhoseNameIsWrongAndSaysSo) {
  add("cat/a.jpg", test::encode_png(test::draw_photo(1)));
  add_small_photo("cat/b.png", 1);
  const Curation curation = curate();
  EXPECT_THAT(kept(curation), ElementsAre("cat/a.jpg"));
  EXPECT_THAT(issues(curation, "cat/a.jpg"), ElementsAre("wrong_extension: is PNG"));
  EXPECT_THAT(issues(curation, "cat/b.png"),
              ElementsAre("wrong_extension: is JPEG", "near_duplicate: looks the same as cat/a.jpg"));
}

TEST_F(CurateTest, TrainsOnClassesOfOnePicture) {
  add_photo("cat/a.jpg", 1);
  add_photo("dog/b.jpg", 2);
  const Curation curation = curate();
  EXPECT_EQ(row_of(curation, "cat/a.jpg").split, Split::kTrain);
  EXPECT_EQ(row_of(curation, "dog/b.jpg").split, Split::kTrain);
}

TEST_F(CurateTest, CountsEveryFileOnce) {
  for (int i = 0; i < 20; ++i)
    add_photo("cat/" + std::to_string(i) + ".jpg", static_cast<std::uint64_t>(i + 1));
  add_photo("cat/copy.jpg", 1);
  add_small_photo("cat/small.jpg", 2);
  add("cat/broken.jpg", as_bytes("x"));
  add_photo("dog/conflict.jpg", 3);
  add_photo("dog/a.jpg", 100);
  options.split = {.validation = 0.15, .test = 0.2};
  const Curation curation = curate();
  ASSERT_EQ(curation.classes.size(), 2u);
  const ClassCounts& cat = curation.classes[0];
  EXPECT_EQ(cat.label, "cat");
  EXPECT_EQ(cat.found, 23u);
  EXPECT_EQ(cat.broken, 1u);
  EXPECT_EQ(cat.duplicates, 2u);
  EXPECT_EQ(cat.conflicts, 1u);
  EXPECT_EQ(cat.kept(), 19u);
  EXPECT_NEAR(static_cast<double>(cat.test), 0.2 * 19, 3);
  EXPECT_NEAR(static_cast<double>(cat.validation), 0.15 * 19, 3);
  const ClassCounts& dog = curation.classes[1];
  EXPECT_EQ(dog.found, 2u);
  EXPECT_EQ(dog.conflicts, 1u);
  EXPECT_EQ(dog.train, 1u);
  EXPECT_EQ(curation.manifest.summary.at("classes").at(0).at("found"), 23);
  EXPECT_EQ(curation.manifest.summary.at("leaks_between_splits"), 0);
  EXPECT_EQ(curation.manifest.summary.at("test_fraction"), 0.2);
}

// Photos with copies that are alike, but too different to be thrown out, in the same and in the other class.
TEST_F(CurateTest, NeverTearsRelatedPicturesApart) {
  options.duplicates = {.same_picture_bits = 0, .related_bits = 10};
  options.split = {.validation = 0.25, .test = 0.25};
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const image::Image photo = test::draw_photo(seed);
    const char* const labels[] = {seed % 2 == 0 ? "cat" : "dog", seed % 2 == 0 ? "dog" : "cat"};
    add(fmt::format("{}/{}_large.jpg", labels[0], seed), image::encode_jpeg(photo));
    add(fmt::format("{}/{}_half.jpg", labels[1], seed),
        image::encode_jpeg(image::resize(photo, 120, 90), 20));
    add(fmt::format("{}/{}_small.jpg", labels[0], seed),
        image::encode_jpeg(image::resize(photo, 60, 45), 30));
  }
  const Curation curation = curate();
  EXPECT_EQ(curation.leaks, 0u);
  std::map<std::string, image::PerceptualHash> looks;
  std::set<Split> used;
  for (const std::string& path : kept(curation)) {
    looks[path] = image::perceptual_hash(*image::decode(as_bytes(test::read_text(folder / path))));
    used.insert(row_of(curation, path).split);
  }
  int related = 0;
  for (const auto& [a, look_a] : looks) {
    for (const auto& [b, look_b] : looks) {
      if (a >= b || image::distance(look_a, look_b) > 10) continue;
      ++related;
      EXPECT_EQ(row_of(curation, a).split, row_of(curation, b).split) << a << ", " << b;
      EXPECT_EQ(row_of(curation, a).group, row_of(curation, b).group) << a << ", " << b;
    }
  }
  EXPECT_GE(related, 10) << "there was next to nothing to tear apart";
  EXPECT_EQ(used.size(), 3u);
}

TEST_F(CurateTest, GivesTheSameEachTimeAndForAnyNumberOfThreads) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    add_photo("cat/" + std::to_string(seed) + ".jpg", seed);
    add_small_photo("cat/" + std::to_string(seed % 5) + "_small.jpg", seed);
  }
  const std::string first = manifest_text(curate(1));
  EXPECT_EQ(manifest_text(curate(4)), first);
  options.split.seed = 2;
  EXPECT_NE(manifest_text(curate(1)), first);
}

TEST_F(CurateTest, SplitsByContentNotByName) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) add_photo("cat/" + std::to_string(seed) + ".jpg", seed);
  const auto splits_by_hash = [](const Curation& curation) {
    std::map<std::string, Split> splits;
    for (const CuratedRow& row : curation.manifest.rows) splits[row.sha256] = row.split;
    return splits;
  };
  const auto before = splits_by_hash(curate());
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::filesystem::rename(folder / ("cat/" + std::to_string(seed) + ".jpg"),
                            folder / ("cat/x" + std::to_string(100 - seed) + ".jpg"));
  }
  EXPECT_EQ(splits_by_hash(curate()), before);
}

TEST_F(CurateTest, LeavesTheTestThatTheSourceSetsAside) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) add_photo(fmt::format("cat/{:02}.jpg", seed), seed);
  dataset::Dataset tree = dataset::open_dataset(folder.path());
  tree.has_test = true;
  for (std::size_t i = 0; i < 4; ++i) tree.samples[i].split = Split::kTest;
  const Curation curation = curation::curate(tree, options, test::RecordingContext());
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(curation.manifest.rows[i].split == Split::kTest, i < 4) << i;
  }
  EXPECT_GT(curation.classes.at(0).validation, 3u);
}

TEST_F(CurateTest, PicturesStayWhereTheyWereWhileTheSetGrows) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) add_photo("cat/" + std::to_string(seed) + ".jpg", seed);
  const Curation first = curate();
  dataset::write_curated_manifest(folder / "c.jsonl", first.manifest);
  for (std::uint64_t seed = 30; seed <= 60; ++seed) add_photo("cat/" + std::to_string(seed) + ".jpg", seed);
  options.earlier = earlier_split(folder / "c.jsonl", options.split);
  EXPECT_EQ(options.earlier.size(), 20u);
  const Curation second = curate();
  for (const CuratedRow& row : first.manifest.rows)
    EXPECT_EQ(row_of(second, row.path).split, row.split) << row.path;
  EXPECT_EQ(second.classes.at(0).test, 10u);
}

TEST_F(CurateTest, AnEarlierManifestCountsOnlyWithTheSameSeedAndFractions) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) add_photo("cat/" + std::to_string(seed) + ".jpg", seed);
  dataset::write_curated_manifest(folder / "c.jsonl", curate().manifest);
  EXPECT_EQ(earlier_split(folder / "c.jsonl", options.split).size(), 10u);
  dataset::SplitOptions other = options.split;
  other.seed = 5;
  EXPECT_TRUE(earlier_split(folder / "c.jsonl", other).empty());
  other = options.split;
  other.test = 0.3;
  EXPECT_TRUE(earlier_split(folder / "c.jsonl", other).empty());
  EXPECT_TRUE(earlier_split(folder / "nothing.jsonl", options.split).empty());
  EXPECT_TRUE(earlier_split(folder.write("page.jsonl", "<html>"), options.split).empty());
}

TEST_F(CurateTest, AnEarlierManifestWhoseSummaryIsNoObjectIsNone) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) add_photo("cat/" + std::to_string(seed) + ".jpg", seed);
  dataset::write_curated_manifest(folder / "c.jsonl", curate().manifest);
  const std::string whole = test::read_text(folder / "c.jsonl");
  for (const char* summary : {"null", "7", "[]", "\"seed\""}) {
    const std::string text =
        whole.substr(0, whole.find("{\"summary\"")) + fmt::format("{{\"summary\":{}}}\n", summary);
    EXPECT_TRUE(earlier_split(folder.write("other.jsonl", text), options.split).empty()) << summary;
  }
}

TEST_F(CurateTest, EditsNothing) {
  add_photo("cat/a.jpg", 1);
  add_photo("cat/copy.jpg", 1);
  add_photo("dog/a.jpg", 1);
  add("cat/broken.jpg", as_bytes("x"));
  const auto state = [&] {
    std::map<std::string, std::string> files;
    for (const std::string& name : test::list_files(folder.path())) {
      const auto written = std::filesystem::last_write_time(folder / name).time_since_epoch().count();
      files[name] = sha256_hex(as_bytes(test::read_text(folder / name))) + std::to_string(written);
    }
    return files;
  };
  const auto before = state();
  (void)curate();
  EXPECT_EQ(state(), before);
}

TEST_F(CurateTest, RejectsNamesThatAManifestCannotHold) {
  add_photo("cat/a.jpg", 1);
  add_photo("cat/caf\xe9.jpg", 2);
  const Curation curation = curate();
  ASSERT_EQ(curation.manifest.rows.size(), 2u);
  EXPECT_TRUE(curation.manifest.rows[0].keep);
  EXPECT_FALSE(curation.manifest.rows[1].keep);
  EXPECT_EQ(curation.manifest.rows[1].issues.at(0).code, kUnreadableName);
  EXPECT_EQ(curation.classes.at(0).broken, 1u);
}

TEST_F(CurateTest, CanBeStopped) {
  add_photo("cat/a.jpg", 1);
  test::RecordingContext context;
  context.request_stop();
  EXPECT_THROW((void)curation::curate(dataset::open_dataset(folder.path()), options, context), Error);
}

TEST_F(CurateTest, WritesWhatTrainingReads) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) add_photo("cat/" + std::to_string(seed) + ".jpg", seed);
  add_photo("cat/copy.jpg", 1);
  const test::TemporaryFolder out;
  write_curated_manifest(out / "c.jsonl", curate().manifest);
  const dataset::Dataset dataset = dataset::open_dataset(out / "c.jsonl");
  EXPECT_EQ(dataset.samples.size(), 10u);
  EXPECT_FALSE(samples_of(dataset, Split::kTest).empty());
  for (const dataset::Sample& sample : dataset.samples) {
    EXPECT_TRUE(std::filesystem::exists(dataset.root / sample.path)) << sample.path;
  }
}

}  // namespace
}  // namespace winnow::curation
