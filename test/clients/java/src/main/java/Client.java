import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import lockstep.ApiClient;
import lockstep.ApiException;
import lockstep.api.CacheApi;
import lockstep.api.LeaderboardsApi;
import lockstep.api.LocksApi;
import lockstep.api.RatelimitsApi;
import lockstep.model.*;

/** The four domains by the client that OpenAPI Generator makes. */
public final class Client {
  private final LocksApi locks;
  private final CacheApi cache;
  private final RatelimitsApi limits;
  private final LeaderboardsApi boards;

  private Client(ApiClient client) {
    locks = new LocksApi(client);
    cache = new CacheApi(client);
    limits = new RatelimitsApi(client);
    boards = new LeaderboardsApi(client);
  }

  public static void main(String[] arguments) throws ApiException {
    var client = new Client(new ApiClient().setBasePath(System.getenv("LOCKSTEP_URL")));
    client.lock();
    client.cache();
    client.limit();
    client.board();
  }

  private void lock() throws ApiException {
    var request = new AcquireLockRequest().ttlMs(30_000).owner("ci");
    Lease lease = locks.acquireLock("deploy").acquireLockRequest(request).execute();
    check(refusalOfLock(request) == 423, "a second lease is refused");

    var token = new ReleaseLeaseRequest().token(lease.getToken());
    var released = locks.releaseLock("deploy", token).execute();
    check(released.getReleased(), "the lease is released");
    check(released.getFence().equals(lease.getFence()), "the fence is that of the lease");
  }

  /** The status of the refusal, 0 when the lock is granted. */
  private int refusalOfLock(AcquireLockRequest request) {
    try {
      locks.acquireLock("deploy").acquireLockRequest(request).execute();
      return 0;
    } catch (ApiException refusal) {
      return refusal.getCode();
    }
  }

  private void put(String key, byte[] value) throws ApiException {
    var response = cache.putCacheEntry("pages", key, value).ttlMs(60_000L).executeWithHttpInfo();
    check(response.getStatusCode() == 201, "the entry is new");
  }

  private byte[] get(String key) throws ApiException {
    return cache.getCacheEntry("pages", key).execute();
  }

  private void cache() throws ApiException {
    var profile = new JsonObject();
    profile.addProperty("name", "Ada");
    profile.addProperty("born", 1815);
    put("profile/1", profile.toString().getBytes(StandardCharsets.UTF_8));
    var stored = new String(get("profile/1"), StandardCharsets.UTF_8);
    check(JsonParser.parseString(stored).equals(profile), "JSON comes back as it was");

    var everyByte = new byte[256];
    for (int index = 0; index < everyByte.length; index++) everyByte[index] = (byte) index;
    put("bytes", everyByte);
    check(Arrays.equals(get("bytes"), everyByte), "bytes come back as they were");
  }

  private void limit() throws ApiException {
    var settings = new RateLimitPolicySettings().limit(1).windowMs(3_600_000L);
    limits.putRateLimitPolicy("api", settings).execute();

    var call =
        limits
            .checkRateLimit("api")
            .checkRateLimitRequest(new CheckRateLimitRequest().key("user-7"));
    check(call.execute().getAllowed(), "the first request is allowed");
    RateLimitDecision denied = call.execute();
    check(!denied.getAllowed() && denied.getRetryAfterMs() > 0, "the second request is denied");
  }

  private void board() throws ApiException {
    var points = new LeaderboardColumn().name("points").type(ColumnType.INT64);
    var settings = new LeaderboardSettings().addColumnsItem(points);
    boards.putLeaderboard("arcade").leaderboardSettings(settings).execute();

    var largest = String.valueOf(Long.MAX_VALUE);
    var submission = new ScoreSubmission().member("ada").score(new Score(largest));
    boards.submitScores("arcade", new SubmitScoresRequest().addEntriesItem(submission)).execute();

    MemberStanding entry = boards.getEntry("arcade", "ada").execute();
    check(entry.getScore().getString().equals(largest), "the score comes back as it was");
  }

  private static void check(boolean holds, String what) {
    if (!holds) throw new AssertionError("not so: " + what);
  }
}
