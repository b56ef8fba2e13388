#include "tensorboard_events.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <limits>
#include <protozero/pbf_reader.hpp>

#include "support/drawing.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::training {
namespace {

using protozero::pbf_reader;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// The definition, bit by bit; the writer has a table.
std::uint32_t slow_masked_crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0x82f63b78u & (0u - (crc & 1u)));
  }
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

// The whole records of a file; what is torn at its end is passed over, as TensorBoard does.
std::vector<std::string> read_records(const std::string& text) {
  std::vector<std::string> records;
  std::string_view rest = text;
  while (rest.size() >= 12) {
    const std::uint64_t size = little_endian(rest.substr(0, 8));
    EXPECT_EQ(little_endian(rest.substr(8, 4)), slow_masked_crc32c(rest.substr(0, 8)));
    if (rest.size() < 16 + size) break;
    const std::string_view record = rest.substr(12, size);
    EXPECT_EQ(little_endian(rest.substr(12 + size, 4)), slow_masked_crc32c(record));
    records.emplace_back(record);
    rest.remove_prefix(16 + size);
  }
  return records;
}

struct Picture {
  std::string tag;
  int width = 0;
  int height = 0;
  std::string jpeg;
};

struct Event {
  double wall_time = 0;
  std::int64_t step = -1;
  std::string version;
  std::vector<std::pair<std::string, float>> scalars;
  std::vector<Picture> pictures;
};

void read_value(pbf_reader value, Event& event) {
  std::string tag;
  while (value.next()) {
    if (value.tag() == 1) {
      tag = value.get_string();
    } else if (value.tag() == 2) {
      event.scalars.emplace_back(tag, value.get_float());
    } else if (value.tag() == 4) {
      Picture picture{.tag = tag, .jpeg = {}};
      for (pbf_reader image = value.get_message(); image.next();) {
        if (image.tag() == 1) {
          picture.height = image.get_int32();
        } else if (image.tag() == 2) {
          picture.width = image.get_int32();
        } else if (image.tag() == 4) {
          picture.jpeg = image.get_bytes();
        } else {
          image.skip();
        }
      }
      event.pictures.push_back(std::move(picture));
    } else {
      value.skip();
    }
  }
}

Event read_event(const std::string& record) {
  Event event;
  for (pbf_reader reader(record); reader.next();) {
    if (reader.tag() == 1) {
      event.wall_time = reader.get_double();
    } else if (reader.tag() == 2) {
      event.step = reader.get_int64();
    } else if (reader.tag() == 3) {
      event.version = reader.get_string();
    } else if (reader.tag() == 5) {
      for (pbf_reader summary = reader.get_message(); summary.next(1);)
        read_value(summary.get_message(), event);
    } else {
      reader.skip();
    }
  }
  return event;
}

class Events : public testing::Test {
 protected:
  std::vector<Event> read(const std::filesystem::path& file) {
    std::vector<Event> events;
    for (const std::string& record : read_records(test::read_text(file)))
      events.push_back(read_event(record));
    return events;
  }

  test::TemporaryFolder folder_;
  test::RecordingContext context_;
};

TEST(SlowChecksum, KnowsThePublishedValue) {
  // CRC-32C of "123456789" is 0xe3069283.
  const std::uint32_t crc = 0xe3069283u;
  EXPECT_EQ(slow_masked_crc32c("123456789"), (crc >> 15 | crc << 17) + 0xa282ead8u);
}

TEST_F(Events, ScalarsCanBeReadWhileTheRunGoesOn) {
  TensorboardEvents events(folder_.path(), context_);
  EXPECT_THAT(events.file().filename().string(), testing::StartsWith("events.out.tfevents."));
  events.add_scalars(1, {{"loss/train", 1.5}, {"accuracy/val", 0.25}});
  events.add_scalars(
      2,
      {{"loss/train", 1.25}, {"loss/val", std::numeric_limits<double>::quiet_NaN()}, {"accuracy/val", 0.5}});
  const std::vector<Event> read_back = read(events.file());
  ASSERT_EQ(read_back.size(), 4u);
  EXPECT_EQ(read_back[0].version, "brain.Event:2");
  EXPECT_GT(read_back[0].wall_time, 1.6e9);
  EXPECT_EQ(read_back[2].step, 1);
  EXPECT_THAT(read_back[2].scalars, ElementsAre(Pair("loss/train", 1.5F), Pair("accuracy/val", 0.25F)));
  EXPECT_EQ(read_back[3].step, 2);
  EXPECT_THAT(read_back[3].scalars, ElementsAre(Pair("loss/train", 1.25F), Pair("accuracy/val", 0.5F)));
}

TEST_F(Events, PicturesComeBackToTheByte) {
  const Bytes jpeg = image::encode_jpeg(test::draw_gradient(40, 30));
  TensorboardEvents events(folder_.path(), context_);
  events.add_picture(0, "validation/crème brûlée", jpeg, 40, 30);
  const std::vector<Event> read_back = read(events.file());
  ASSERT_EQ(read_back.back().pictures.size(), 1u);
  const Picture& picture = read_back.back().pictures[0];
  EXPECT_EQ(picture.tag, "validation/crème brûlée");
  EXPECT_EQ(picture.width, 40);
  EXPECT_EQ(picture.height, 30);
  EXPECT_EQ(picture.jpeg, std::string(jpeg.begin(), jpeg.end()));
}

TEST_F(Events, AResumedRunAddsAFileThatSortsBehind) {
  const TensorboardEvents one(folder_.path(), context_);
  const TensorboardEvents two(folder_.path(), context_);
  EXPECT_LT(one.file(), two.file());
}

TEST_F(Events, AFullDiskCostsTheEventsAndNotTheRun) {
  TensorboardEvents events(folder_.path(), context_);
  const auto whole = std::filesystem::file_size(events.file());
  // A limit on the size of files fails like a full disk: with a short write. The log's file has it too.
  rlimit unlimited = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight = {whole + 1000, unlimited.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  events.add_picture(1, "large", Bytes(5000), 1, 1);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &unlimited), 0);
  std::signal(SIGXFSZ, before);
  events.add_scalars(2, {{"loss/train", 1}});
  EXPECT_EQ(std::filesystem::file_size(events.file()), whole);
  EXPECT_EQ(read(events.file()).size(), 2u);
  EXPECT_THAT(context_.messages(), HasSubstr("nothing more is written for TensorBoard"));
}

TEST_F(Events, AFolderThatIsNotThereIsWorthAWarning) {
  TensorboardEvents events(folder_ / "nowhere", context_);
  events.add_scalars(1, {{"loss/train", 1}});
  EXPECT_THAT(context_.messages(), HasSubstr("No such file or directory; nothing more is written"));
}

TEST_F(Events, OnlyTheirOwnFilesAreRemoved) {
  { const TensorboardEvents events(folder_.path(), context_); }
  folder_.write("notes.txt", "mine");
  remove_tensorboard_events(folder_.path());
  EXPECT_THAT(test::list_files(folder_.path()), ElementsAre("notes.txt"));
}

}  // namespace
}  // namespace winnow::training
