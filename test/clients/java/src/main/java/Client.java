import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import lockstep.ApiClient;
import lockstep.ApiException;
import lockstep.api.CacheApi;
import lockstep.api.LeaderboardsApi;
import lockstep.api.LeaderboardsApi.APIGetEntryRequest;
import lockstep.api.LeaderboardsApi.APIPutLeaderboardRequest;
import lockstep.api.LeaderboardsApi.APISubmitScoresRequest;
import lockstep.api.LocksApi;
import lockstep.api.LocksApi.APIAcquireLockRequest;
import lockstep.api.LocksApi.APIReleaseLockRequest;
import lockstep.api.RatelimitsApi;
import lockstep.api.RatelimitsApi.APICheckRateLimitRequest;
import lockstep.api.RatelimitsApi.APIPutRateLimitPolicyRequest;
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

  public static void main(String[] arguments) throws Exception {
    var client = new ApiClient();
    client.updateBaseUri(System.getenv("LOCKSTEP_URL"));
    var program = new Client(client);
    program.lock();
    program.cache();
    program.limit();
    program.board();
  }

  private void lock() throws ApiException {
    var acquire =
        APIAcquireLockRequest.newBuilder()
            .name("deploy")
            .acquireLockRequest(new AcquireLockRequest().ttlMs(30_000).owner("ci"))
            .build();
    Lease lease = locks.acquireLock(acquire);
    try {
      locks.acquireLock(acquire);
      throw new AssertionError("two leases of one lock");
    } catch (ApiException refusal) {
      check(refusal.getCode() == 423, refusal.getMessage());
    }

    var released =
        locks.releaseLock(
            APIReleaseLockRequest.newBuilder()
                .name("deploy")
                .releaseLeaseRequest(new ReleaseLeaseRequest().token(lease.getToken()))
                .build());
    check(released.getReleased(), "the lease is released");
    check(released.getFence().equals(lease.getFence()), "the fence is that of the lease");
  }

  private void put(String key, String contentType, byte[] value) throws IOException, ApiException {
    Path file = Files.write(Files.createTempFile("value", null), value);
    var request =
        CacheApi.APIPutCacheEntryRequest.newBuilder()
            .space("pages")
            .key(key)
            .ttlMs(60_000L)
            .body(file.toFile())
            .build();
    var response = cache.putCacheEntryWithHttpInfo(request, Map.of("Content-Type", contentType));
    check(response.getStatusCode() == 201, "the entry is new");
    Files.delete(file);
  }

  private byte[] get(String key) throws IOException, ApiException {
    var request = CacheApi.APIGetCacheEntryRequest.newBuilder().space("pages").key(key).build();
    return Files.readAllBytes(cache.getCacheEntry(request).toPath());
  }

  private void cache() throws IOException, ApiException {
    var json = new ObjectMapper();
    JsonNode profile = json.createObjectNode().put("name", "Ada").put("born", 1815);
    put("profile/1", "application/json", json.writeValueAsBytes(profile));
    check(json.readTree(get("profile/1")).equals(profile), "JSON comes back as it was");

    var everyByte = new byte[256];
    for (int index = 0; index < everyByte.length; index++) everyByte[index] = (byte) index;
    put("bytes", "application/octet-stream", everyByte);
    check(Arrays.equals(get("bytes"), everyByte), "bytes come back as they were");
  }

  private void limit() throws ApiException {
    limits.putRateLimitPolicy(
        APIPutRateLimitPolicyRequest.newBuilder()
            .policy("api")
            .rateLimitPolicySettings(new RateLimitPolicySettings().limit(1).windowMs(3_600_000L))
            .build());
    var request =
        APICheckRateLimitRequest.newBuilder()
            .policy("api")
            .checkRateLimitRequest(new CheckRateLimitRequest().key("user-7"))
            .build();
    check(limits.checkRateLimit(request).getAllowed(), "the first request is allowed");
    RateLimitDecision denied = limits.checkRateLimit(request);
    check(!denied.getAllowed() && denied.getRetryAfterMs() > 0, "the second request is denied");
  }

  private void board() throws ApiException {
    boards.putLeaderboard(
        APIPutLeaderboardRequest.newBuilder()
            .board("arcade")
            .leaderboardSettings(
                new LeaderboardSettings()
                    .addColumnsItem(
                        new LeaderboardColumn().name("points").type(ColumnType.INT64)))
            .build());
    var largest = String.valueOf(Long.MAX_VALUE);
    boards.submitScores(
        APISubmitScoresRequest.newBuilder()
            .board("arcade")
            .submitScoresRequest(
                new SubmitScoresRequest()
                    .addEntriesItem(new ScoreSubmission().member("ada").score(new Score(largest))))
            .build());
    MemberStanding entry =
        boards.getEntry(APIGetEntryRequest.newBuilder().board("arcade").member("ada").build());
    check(entry.getScore().getString().equals(largest), "the score comes back as it was");
  }

  private static void check(boolean holds, String what) {
    if (!holds) throw new AssertionError("not so: " + what);
  }
}
