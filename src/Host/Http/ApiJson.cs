using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorMigration.Host.Http;

/// <summary>Every type of the HTTP interface, with serialisers made at build time: the CLI starts faster without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RunRequest))]
[JsonSerializable(typeof(ContainerJson))]
[JsonSerializable(typeof(ContainersJson))]
[JsonSerializable(typeof(HostsJson))]
[JsonSerializable(typeof(VotersJson))]
[JsonSerializable(typeof(NodeJson))]
[JsonSerializable(typeof(MigrateRequest))]
[JsonSerializable(typeof(MigrationIdJson))]
[JsonSerializable(typeof(MigrationJson))]
[JsonSerializable(typeof(ResolveRequest))]
[JsonSerializable(typeof(ResolvedJson))]
[JsonSerializable(typeof(MigrationsJson))]
[JsonSerializable(typeof(ImportRequest))]
[JsonSerializable(typeof(ImageJson))]
[JsonSerializable(typeof(ImagesJson))]
[JsonSerializable(typeof(DoctorJson))]
[JsonSerializable(typeof(BalanceModeRequest))]
[JsonSerializable(typeof(BalanceApplyRequest))]
[JsonSerializable(typeof(BalanceStatusJson))]
[JsonSerializable(typeof(BalanceDecisionJson))]
[JsonSerializable(typeof(BalanceMoveExplainedJson))]
[JsonSerializable(typeof(DrainRequest))]
[JsonSerializable(typeof(HostDrainedJson))]
[JsonSerializable(typeof(LoadJson))]
[JsonSerializable(typeof(ApiProblem))]
internal sealed partial class ApiJson : JsonSerializerContext;
