FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source

# Restore is a layer of its own: it runs again only when one of these files changes.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/DelayQueueApi/DelayQueueApi.csproj src/DelayQueueApi/packages.lock.json src/DelayQueueApi/
RUN dotnet restore src/DelayQueueApi --locked-mode

COPY src/ src/
# CI runs this same command, into another folder: change both or neither.
RUN dotnet publish src/DelayQueueApi -c Release -o /app

# The final image has no shell to make a folder with; this empty one is copied there with its owner.
RUN mkdir /data

# The extra variant has the time zones that schedules name.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra
# It also has ICU, and would switch off what Directory.Build.props sets.
ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=true \
    ASPNETCORE_HTTP_PORTS=8080 \
    Store__DataDirectory=/data
COPY --from=build --chown=$APP_UID:$APP_UID /data /data
COPY --from=build /app /app
WORKDIR /app
USER $APP_UID
# Others reach this port: without keys (Security__Keys__…, Security__KeysFile) the service does not start, unless Security__AllowAnonymous=true insists.
EXPOSE 8080
# For the embedded store; with ConnectionStrings__Redis nothing is written here.
VOLUME /data
ENTRYPOINT ["dotnet", "DelayQueueApi.dll"]
