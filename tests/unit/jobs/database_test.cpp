#include <atomic>
#include <thread>

#include "jobs_fixture.hpp"
#include "support/tcp_relay.hpp"

namespace winnow::jobs {
namespace {

using Database_ = OnBoth;

TEST_P(Database_, KeepsWhatIsCommittedAndNothingElse) {
  db().write([](Transaction& transaction) {
    (void)transaction.run("CREATE TABLE things(name TEXT PRIMARY KEY, size BIGINT)");
    (void)transaction.run("INSERT INTO things VALUES($1,$2)",
                          {std::string("a"), std::int64_t{7'000'000'000}});
    (void)transaction.run("INSERT INTO things VALUES($1,$2)", {std::string("b"), Value()});
  });
  EXPECT_THROW(db().write([](Transaction& transaction) {
    (void)transaction.run("DELETE FROM things");
    throw Error(ErrorKind::kInvalid, "", "on second thoughts");
  }),
               Error);
  database->reopen();
  db().read([](Transaction& transaction) {
    const Rows rows = transaction.run("SELECT name,size FROM things ORDER BY name");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].text(0), "a");
    EXPECT_EQ(rows[0].integer(1), 7'000'000'000);
    EXPECT_TRUE(rows[1].is_null(1));
    EXPECT_EQ(rows[1].integer(1), 0);
  });
}

TEST_P(Database_, OneFailureOfManyAtOnceIsItsOwn) {
  db().write(
      [](Transaction& transaction) { (void)transaction.run("CREATE TABLE things(name TEXT PRIMARY KEY)"); });
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 24; ++i) {
      threads.emplace_back([&, i] {
        try {
          db().write([&](Transaction& transaction) {
            (void)transaction.run("INSERT INTO things VALUES($1)", {std::string("n") + std::to_string(i)});
            if (i % 3 == 0) (void)transaction.run("INSERT INTO nowhere VALUES(1)");
          });
        } catch (const Error& error) {
          EXPECT_EQ(error.kind(), ErrorKind::kInvalid) << error.what();
          ++failures;
        }
      });
    }
  }
  EXPECT_EQ(failures, 8);
  EXPECT_EQ(database->ask("SELECT COUNT(*) FROM things"), "16");
}

TEST_P(Database_, WakesWhoeverWaits) {
  const std::stop_source never;
  // PostgreSQL's listener counts its own beginning.
  (void)db().wait(0, std::chrono::seconds(database->where().starts_with("postgresql") ? 5 : 0),
                  never.get_token());
  const std::uint64_t seen = db().wait(0, std::chrono::milliseconds(0), never.get_token());
  const std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    db().write([](Transaction& transaction) { transaction.notify(); });
  });
  EXPECT_GT(db().wait(seen, std::chrono::seconds(20), never.get_token()), seen);
}

TEST_P(Database_, TablesOfANewerVersionAreLeftAlone) {
  db().write([](Transaction& transaction) { (void)transaction.run("UPDATE schema_version SET version=99"); });
  try {
    prepare_schema(db());
    FAIL() << "no objection";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_STREQ(error.what(),
                 "database: has tables of version 99, this program knows version 1; use a newer one");
  }
}

INSTANTIATE_TEST_SUITE_P(sqlite, Database_, ::testing::Values("sqlite"));
INSTANTIATE_TEST_SUITE_P(postgresql, Database_, ::testing::Values("postgresql"));

TEST(Sqlite, RefusesASecondProcess) {
  const test::TemporaryFolder folder;
  const auto first = open_sqlite({.file = folder / "jobs.db"});
  try {
    (void)open_sqlite({.file = folder / "jobs.db"});
    FAIL() << "no objection";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("is in use by another process"), std::string::npos)
        << error.what();
  }
}

TEST(Sqlite, SaysWhatIsNoDatabase) {
  const test::TemporaryFolder folder;
  folder.write("jobs.db", std::string(5000, 'x'));
  try {
    (void)open_sqlite({.file = folder / "jobs.db"});
    FAIL() << "no objection";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalid) << error.what();
  }
  EXPECT_THROW((void)open_sqlite({.file = folder / "nowhere/jobs.db"}), Error);
}

// As on a full disk: what cannot be kept is refused, what was kept stays, and reading goes on.
TEST(Sqlite, SurvivesAFullDisk) {
  const test::TemporaryFolder folder;
  const auto database = open_sqlite({.file = folder / "jobs.db", .max_pages = 60});
  database->write([](Transaction& transaction) {
    (void)transaction.run("CREATE TABLE things(name TEXT PRIMARY KEY, content TEXT)");
  });
  int kept = 0;
  std::string reason;
  for (int i = 0; i < 200 && reason.empty(); ++i) {
    try {
      database->write([&](Transaction& transaction) {
        (void)transaction.run("INSERT INTO things VALUES($1,$2)",
                              {std::to_string(i), std::string(3000, 'x')});
      });
      ++kept;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kIo);
      reason = error.what();
    }
  }
  EXPECT_NE(reason.find("full; make room on the disk"), std::string::npos) << reason;
  EXPECT_GT(kept, 10);
  database->read([&](Transaction& transaction) {
    EXPECT_EQ(transaction.run("SELECT COUNT(*) FROM things")[0].integer(0), kept);
  });
  database->write([](Transaction& transaction) { (void)transaction.run("DELETE FROM things"); });
  database->write(
      [](Transaction& transaction) { (void)transaction.run("INSERT INTO things VALUES('a','b')"); });
}

// A server that ends every connection, also between the work and its commit: callers notice nothing.
TEST(Postgres, ConnectionsThatBreakAreMadeAnew) {
  if (!test::PostgresServer::available()) GTEST_SKIP() << "PostgreSQL is not installed";
  TestDatabase database("postgresql");
  database->write(
      [](Transaction& transaction) { (void)transaction.run("CREATE TABLE things(name TEXT PRIMARY KEY)"); });
  for (int i = 0; i < 5; ++i) {
    bool first = true;
    database->write([&](Transaction& transaction) {
      (void)transaction.run("INSERT INTO things VALUES($1) ON CONFLICT DO NOTHING", {std::to_string(i)});
      if (!std::exchange(first, false)) return;
      (void)TestDatabase::postgres().administer(
          "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name='winnow'");
    });
  }
  EXPECT_EQ(database.ask("SELECT COUNT(*) FROM things"), "5");
}

// The answer to a commit is lost: whether it was done is found out by doing it again, and once is enough.
TEST(Postgres, LostAnswersToCommitsDoNothingTwice) {
  if (!test::PostgresServer::available()) GTEST_SKIP() << "PostgreSQL is not installed";
  test::TcpRelay relay(TestDatabase::postgres().port());
  const auto database = open_postgres({.connection = TestDatabase::postgres().create_database(relay.port())});
  prepare_schema(*database);
  for (int i = 0; i < 5; ++i) {
    relay.lose_answer_to("COMMIT");
    database->write([&](Transaction& transaction) {
      (void)enqueue(transaction, {.kind = "k", .subject = "task" + std::to_string(i)});
    });
    std::vector<Task> tasks;
    database->write([&](Transaction& transaction) { tasks = claim(transaction, "k", 1, "w", kLease); });
    ASSERT_EQ(tasks.size(), 1U);
    int effects = 0;
    relay.lose_answer_to("COMMIT");
    complete(*database, tasks[0], [&](Transaction& transaction) {
      ++effects;
      (void)enqueue(transaction, {.kind = "effect", .subject = "of" + std::to_string(i)});
    });
    EXPECT_EQ(effects, 1) << "the second run finds it done";
  }
  EXPECT_EQ(relay.lost(), 10);
  database->read([](Transaction& transaction) {
    const Rows rows = transaction.run("SELECT kind||' '||state,COUNT(*) FROM tasks GROUP BY 1 ORDER BY 1");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].text(0), "effect ready");
    EXPECT_EQ(rows[0].integer(1), 5);
    EXPECT_EQ(rows[1].text(0), "k done");
    EXPECT_EQ(rows[1].integer(1), 5);
  });
}

TEST(Postgres, AServerThatCrashesIsWaitedFor) {
  if (!test::PostgresServer::available()) GTEST_SKIP() << "PostgreSQL is not installed";
  test::PostgresServer server;
  const auto database = open_postgres({.connection = server.create_database()});
  prepare_schema(*database);
  server.crash();
  std::jthread back([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    server.start();
  });
  database->write(
      [](Transaction& transaction) { (void)enqueue(transaction, {.kind = "k", .subject = "a"}); });
  back.join();
  server.crash();
  try {
    database->read([](Transaction& transaction) { (void)count_tasks(transaction); });
    FAIL() << "nothing answered";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNetwork) << error.what();
  }
  server.start();
  database->read([](Transaction& transaction) { EXPECT_EQ(count_tasks(transaction).size(), 1U); });
}

}  // namespace
}  // namespace winnow::jobs
