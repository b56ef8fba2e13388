#include "winnow/nn/team.hpp"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <thread>

#include "support/free_port.hpp"
#include "winnow/core/error.hpp"

namespace winnow::nn {
namespace {

using ::testing::HasSubstr;

// Threads do as processes would: c10d keeps nothing that is global.
void run_team(int size, const std::function<void(Team&)>& work) {
  const int port = test::free_port();
  std::vector<std::jthread> members;
  for (int rank = 0; rank < size; ++rank) {
    members.emplace_back([=, &work] {
      Team team({.rank = rank, .size = size, .local_rank = rank, .host = "127.0.0.1", .port = port},
                std::chrono::seconds(20));
      work(team);
    });
  }
}

TEST(Team, OfOneLeavesEverythingAsItIs) {
  Team team;
  const torch::Tensor values = torch::arange(5.0);
  team.sum({values});
  team.broadcast({values});
  EXPECT_TRUE(torch::equal(values, torch::arange(5.0)));
  EXPECT_EQ(team.sum(2.5), 2.5);
  EXPECT_TRUE(team.any(true));
  EXPECT_FALSE(team.any(false));
  EXPECT_TRUE(team.is_first());
  EXPECT_EQ(team.share("it"), "it");
  team.require_equal("it", "anything");
}

TEST(Team, SumsTensorsOfAllShapesAndLayouts) {
  run_team(3, [](Team& team) {
    const auto own = static_cast<double>(team.rank() + 1);
    const torch::Tensor image =
        torch::arange(48.0F).reshape({2, 3, 4, 2}).contiguous(torch::MemoryFormat::ChannelsLast) * own;
    const torch::Tensor scalar = torch::full({}, own, torch::kFloat32);
    const torch::Tensor large = torch::full({9'000'000}, own, torch::kFloat32);  // more than one bucket
    const torch::Tensor last = torch::full({3}, own, torch::kFloat32);
    team.sum({image, scalar, large, last});
    EXPECT_TRUE(torch::equal(image, torch::arange(48.0F).reshape({2, 3, 4, 2}) * 6));
    EXPECT_TRUE(image.is_contiguous(torch::MemoryFormat::ChannelsLast));
    EXPECT_EQ(scalar.item<float>(), 6);
    EXPECT_TRUE(torch::equal(large, torch::full({9'000'000}, 6.0F)));
    EXPECT_TRUE(torch::equal(last, torch::full({3}, 6.0F)));
  });
}

TEST(Team, GivesEverybodyTheValuesOfTheFirst) {
  run_team(2, [](Team& team) {
    const torch::Tensor image = torch::full({1, 3, 2, 2}, static_cast<double>(team.rank()))
                                    .contiguous(torch::MemoryFormat::ChannelsLast);
    team.broadcast({image});
    EXPECT_TRUE(torch::equal(image, torch::zeros({1, 3, 2, 2})));
  });
}

TEST(Team, GivesEverybodyTheTextOfTheFirst) {
  run_team(2, [](Team& team) {
    EXPECT_EQ(team.share(team.rank() == 0 ? "{\"epochs\": 3}" : ""), "{\"epochs\": 3}");
    EXPECT_EQ(team.share(team.rank() == 0 ? "" : "something"), "");
  });
}

TEST(Team, AgreesOnWhetherAnythingHappenedToAnybody) {
  run_team(3, [](Team& team) {
    EXPECT_TRUE(team.any(team.rank() == 1));
    EXPECT_FALSE(team.any(false));
    EXPECT_EQ(team.sum(static_cast<double>(team.rank())), 3);
    EXPECT_EQ(team.is_first(), team.rank() == 0);
  });
}

TEST(Team, TellsEverybodyWhenSomebodyWasGivenSomethingElse) {
  run_team(2, [](Team& team) {
    team.require_equal("the data", "same");
    try {
      team.require_equal("--lr", team.rank() == 0 ? "0.1" : "0.2");
      ADD_FAILURE() << "nobody noticed";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_THAT(error.what(), HasSubstr("--lr differs"));
    }
  });
}

TEST(Team, NoticesThatSomebodyHasGone) {
  run_team(2, [](Team& team) {
    (void)team.any(false);
    if (team.rank() == 1) return;
    try {
      for (int i = 0; i < 3; ++i) (void)team.any(false);
      ADD_FAILURE() << "nobody noticed";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kNetwork);
      EXPECT_THAT(error.what(), HasSubstr("process 1 of 2: another process of the training has gone"));
    }
  });
}

TEST(Team, GivesUpWhenTheOthersDoNotCome) {
  try {
    Team team({.rank = 0, .size = 2, .host = "127.0.0.1", .port = test::free_port()},
              std::chrono::seconds(1));
    ADD_FAILURE() << "a team without its members";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNetwork);
    EXPECT_THAT(error.what(), HasSubstr("the 2 processes of the training do not find each other"));
  }
}

}  // namespace
}  // namespace winnow::nn
