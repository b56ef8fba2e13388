#include "winnow/jobs/annotation.hpp"

#include <algorithm>
#include <thread>

#include "jobs_fixture.hpp"
#include "winnow/jobs/results.hpp"
#include "winnow/jobs/submission.hpp"
#include "winnow/jobs/upload_packer.hpp"

namespace winnow::jobs {
namespace {

// Says how many bytes a picture has, and takes as long as the test wants.
class Weigher : public Annotator {
 public:
  std::vector<Annotation> annotate(const std::vector<Picture>& pictures) override {
    std::vector<Annotation> answers;
    for (const Picture& picture : pictures) {
      std::this_thread::sleep_for(delay);
      answers.push_back(
          {.answer = {{"label", "cat"},
                      {"confidence", 0.75},
                      {"verdict", "fairly_sure"},
                      {"unknown", false},
                      {"bytes", picture.bytes.size()}},
           .thumbnail = {},
           .unreadable = picture.name.find("damaged") == std::string::npos ? "" : "is damaged"});
    }
    return answers;
  }
  std::string description() const override { return "scales"; }

  std::chrono::milliseconds delay{0};
};

class Annotating : public OnBoth {
 protected:
  std::filesystem::path upload(int pictures) {
    std::string content;
    UploadPacker packer([&](ByteSpan piece) { content += as_text(piece); });
    for (int i = 0; i < pictures; ++i) {
      const std::string name = (i == 3 ? "damaged" : "p") + std::to_string(i) + ".png";
      packer.add(name, as_bytes("\x89PNG\r\n\x1a\n" + std::string(static_cast<std::size_t>(i), 'x')));
    }
    packer.add("notes.txt", as_bytes("not a picture"));
    packer.finish();
    return folder.write("upload.tar", content);
  }
  std::string submit_one(const std::string& owner, int pictures, std::optional<std::string> client_key = {}) {
    const Handlers handlers = use();
    const auto id = submit(handlers, {.user_id = owner,
                                      .file = upload(pictures),
                                      .name = "holiday.tar",
                                      .model = "",
                                      .client_key = std::move(client_key)});
    EXPECT_TRUE(id) << id.failure().message;
    return id.value();
  }
  Handlers use(std::function<void(std::string_view)> step = {}) {
    const Context& its_context = context;
    return {db(), store, terms, its_context.log, std::move(step)};
  }
  void annotate_one(const std::function<void(std::string_view)>& step = {}) {
    const Task task = take(kAnnotate, 1).at(0);
    (void)annotate(use(step), task, {}, [&](const std::string&) { return weigher; },
                   {.threads = 3, .batch = 4});
  }
  std::string part(const std::string& id, std::string_view name) {
    EXPECT_TRUE(fetch_results(use(), job(id), folder / "results.tar"));
    return read_result(folder / "results.tar", name);
  }

  test::TemporaryFolder folder;
  MemoryStore store;
  std::shared_ptr<Weigher> weigher = std::make_shared<Weigher>();
};

TEST_P(Annotating, AnswersEachPictureInItsOrder) {
  const std::string owner = user();
  const std::string id = submit_one(owner, 30);
  EXPECT_EQ(job(id).state, "queued");
  EXPECT_EQ(job(id).pictures, 31);
  annotate_one();
  const Job done = job(id);
  EXPECT_EQ(done.state, "done");
  EXPECT_EQ(done.answered, 31);
  EXPECT_EQ(done.unreadable, 2);
  const std::string lines = part(id, kResultLines);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 31);
  EXPECT_TRUE(lines.starts_with(
      R"({"path":"p0.png","label":"cat","confidence":0.75,"verdict":"fairly_sure","unknown":false,"bytes":8})"))
      << lines.substr(0, 200);
  EXPECT_LT(lines.find("p9.png"), lines.find("p10.png"));
  EXPECT_NE(lines.find(R"({"path":"damaged3.png","error":"is damaged"})"), std::string::npos);
  EXPECT_NE(to_csv(lines).find("\np4.png,cat,0.750000,fairly_sure,false,\n"), std::string::npos)
      << to_csv(lines);
  EXPECT_NE(to_csv(lines).find("\ndamaged3.png,,,,,is damaged\n"), std::string::npos) << to_csv(lines);
  EXPECT_NE(part(id, kContactSheet).find("holiday.tar"), std::string::npos);
  EXPECT_NE(part(id, kJobLog).find("damaged3.png: is damaged"), std::string::npos);
  work_off(store);
  EXPECT_EQ(store.keys(), std::vector<std::string>{done.result_key}) << "the upload is gone";
}

TEST_P(Annotating, TheSameUploadTwiceIsOneJob) {
  const std::string owner = user();
  const std::string id = submit_one(owner, 2, "my-key");
  EXPECT_EQ(submit_one(owner, 2, "my-key"), id);
  EXPECT_NE(submit_one(owner, 2), id);
  EXPECT_NE(submit_one(user(), 2, "my-key"), id) << "another user's key";
}

TEST_P(Annotating, UploadsWithoutPicturesAreRefused) {
  const auto refused =
      submit(use(), {.user_id = user(), .file = upload(0), .name = "x.tar", .model = "", .client_key = {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, "no_pictures");
  EXPECT_TRUE(store.keys().empty());
}

TEST_P(Annotating, ACancelledJobStops) {
  const std::string id = submit_one(user(), 200);
  weigher->delay = std::chrono::milliseconds(30);
  bool cancelled = false;
  annotate_one([&](std::string_view step) {
    if (step != "annotate.fetched") return;
    db().write([&](Transaction& transaction) { cancelled = cancel_job(transaction, id) || cancelled; });
  });
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(job(id).state, "cancelled");
  EXPECT_EQ(job(id).result_key, "");
  work_off(store);
  EXPECT_TRUE(store.keys().empty());
}

struct Crash {};

TEST_P(Annotating, ACrashAtAnyStepGivesOneResult) {
  const std::string owner = user(true);
  int steps = 1;
  for (int crash_at = 0; crash_at <= steps; ++crash_at) {
    SCOPED_TRACE("crash at step " + std::to_string(crash_at));
    int step = 0;
    const auto maybe_crash = [&](std::string_view) {
      if (++step == crash_at) throw Crash{};
    };
    const auto send = [&] {
      return submit(use(maybe_crash), {.user_id = owner,
                                       .file = upload(5),
                                       .name = "x.tar",
                                       .model = "",
                                       .client_key = "key" + std::to_string(crash_at)})
          .value();
    };
    std::string id;
    try {
      id = send();
    } catch (const Crash&) {
      id = send();  // who hears no answer sends it again
    }
    for (bool crashed = true; crashed;) {
      crashed = false;
      try {
        if (job(id).state != "done") annotate_one(maybe_crash);
      } catch (const Crash&) {
        crashed = true;
        database->advance(kLease + std::chrono::seconds(1));
        db().write([](Transaction& transaction) { (void)sweep(transaction, 10); });
      }
    }
    EXPECT_EQ(job(id).state, "done");
    work_off(store);
    expect_nothing_lost(store);
    store.age(std::chrono::hours(25));
    database->advance(std::chrono::hours(2));
    work_off(store);
    EXPECT_EQ(database->ask("SELECT COUNT(*) FROM jobs WHERE state='done'"),
              std::to_string(store.keys().size()))
        << "one object for each";
    if (crash_at == 0) {
      steps = step;
      db().write([](Transaction& transaction) {
        (void)enqueue(transaction, {.kind = kReconcile, .subject = "all"});
      });
    }
  }
  EXPECT_GE(steps, 8);
}

INSTANTIATE_TEST_SUITE_P(sqlite, Annotating, ::testing::Values("sqlite"));
INSTANTIATE_TEST_SUITE_P(postgresql, Annotating, ::testing::Values("postgresql"));

}  // namespace
}  // namespace winnow::jobs
